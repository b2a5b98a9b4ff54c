import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { Question } from './worker.ts';

/** A thread that verifies passwords, one at a time. */
export interface HashingThread {
  /** Call it again only after the previous answer. Rejects if the thread has failed; the next call starts a new one. */
  verify(question: Question): Promise<boolean>;
  close(): void;
}

/** A thread that has been idle for this long is ended. */
const IDLE_MS = 60_000;

/** In the bundle the thread's program is a file beside the others. */
function programOfThread(): string {
  const isSource = import.meta.filename.endsWith('.ts');
  return join(import.meta.dirname, isSource ? 'worker.ts' : 'password-worker.js');
}

/** Makes a thread for hashing, so that slow hashes delay neither Checks nor the threads that Node uses for files. */
export function createHashingThread(): HashingThread {
  let running: Promise<Worker> | undefined;
  let idle: NodeJS.Timeout | undefined;
  const close = (): void => {
    clearTimeout(idle);
    void running?.then((worker) => worker.terminate());
    running = undefined;
  };
  return {
    async verify(question) {
      clearTimeout(idle);
      const starting = (running ??= start(() => {
        if (running === starting) running = undefined;
      }));
      const worker = await starting;
      const { promise, resolve, reject } = Promise.withResolvers<boolean>();
      const ended = (): void => reject(new Error('the thread that hashes passwords has ended'));
      worker.once('message', resolve).once('exit', ended);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
      worker.postMessage(question);
      return promise.finally(() => {
        worker.off('message', resolve).off('exit', ended);
        idle = setTimeout(close, IDLE_MS).unref();
      });
    },
    close,
  };
}

/** @param ended is called when the thread has ended */
async function start(ended: () => void): Promise<Worker> {
  // Loaded here, because most processes hash no password and need no thread.
  const threads = await import('node:worker_threads');
  const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 32 };
  const worker = new threads.Worker(programOfThread(), { resourceLimits });
  // The thread alone does not keep the process alive: the caller waits for its answer.
  worker.unref();
  // The event `exit` follows, and rejects the call that waits.
  worker.on('error', () => {});
  worker.on('exit', ended);
  return worker;
}
