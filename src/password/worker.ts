import { parentPort } from 'node:worker_threads';
import { isPasswordOf } from './verify.ts';

// The thread that hashes passwords: one question at a time, one answer for each.

export interface Question {
  readonly hash: string;
  readonly password: string;
}

parentPort?.on('message', ({ hash, password }: Question) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
  parentPort?.postMessage(isPasswordOf(hash, password));
});
