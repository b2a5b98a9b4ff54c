import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { Question } from './worker.ts';

/** Where passwords are hashed: one at a time. */
export interface HashingThread {
  /** To be called when the one before was answered. Rejects where the thread has failed: the next gets a new one. */
  verify(question: Question): Promise<boolean>;
  close(): void;
}

/** A thread that nobody has asked for so long is not kept. */
const IDLE_MS = 60_000;

/** In the bundle it is a file beside the others. */
function programOfThread(): string {
  const isSource = import.meta.filename.endsWith('.ts');
  return join(import.meta.dirname, isSource ? 'worker.ts' : 'password-worker.js');
}

/** A thread of its own: hashes of passwords hold neither Checks nor the threads that Node has for files. */
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

/** @param ended told when the thread is no more */
async function start(ended: () => void): Promise<Worker> {
  // Most processes hash no password, and load no threads.
  const threads = await import('node:worker_threads');
  const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 32 };
  const worker = new threads.Worker(programOfThread(), { resourceLimits });
  // What it does is waited for by whoever asks: it does not keep the process alive.
  worker.unref();
  // Its end follows, and is told to whoever waits.
  worker.on('error', () => {});
  worker.on('exit', ended);
  return worker;
}
