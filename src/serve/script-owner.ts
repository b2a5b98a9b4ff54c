import type { ScriptMemory } from '../memory/script-memory.ts';
import { StoreUnavailable } from '../quota/store.ts';
import type { ScriptLink } from '../script/script-call.ts';
import type { ScriptAnswer, ScriptQuestion } from './worker-messages.ts';

/** Runs what a worker asks, in its order. */
export function answerScripts(memory: ScriptMemory, calls: readonly ScriptQuestion[]): ScriptAnswer[] {
  return calls.map(({ id, script, keys, args, keyspaces }) => {
    try {
      return { id, reply: memory.run(script, keys, args, keyspaces) };
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      return { id, reply: error.message };
    }
  });
}

/** The owner's own way to the counters. */
export function ownLink(memory: ScriptMemory): ScriptLink {
  return {
    available: true,
    trouble: '',
    async run({ script, keys, args, keyspaces }) {
      return memory.run(script.name, keys, args, keyspaces);
    },
  };
}
