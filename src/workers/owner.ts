import type { ScriptMemory } from '../counter/script-memory.ts';
import { StoreUnavailable } from '../counter/store.ts';
import type { ScriptAnswer, ScriptQuestion } from './messages.ts';

/** Runs what a worker asks, in its order. */
export function answerScripts(memory: ScriptMemory, calls: readonly ScriptQuestion[]): ScriptAnswer[] {
  return calls.map(({ id, script, keys, args }) => {
    try {
      return { id, reply: memory.run(script, keys, args) };
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      return { id, reply: error.message };
    }
  });
}
