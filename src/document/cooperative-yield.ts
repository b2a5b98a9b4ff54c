import { setImmediate as pause } from 'node:timers/promises';
import type { Clock } from '../clock.ts';

/** How often long work pauses, so that a reload does not make Checks wait. */
const SLICE_MS = 8;
/** Reading the clock costs about as much as compiling one document. */
const STEPS = 32;

/** Called between the steps of long work: a promise to await when it is the turn of others. */
export function createCooperativeYield(clock: Clock): () => Promise<void> | undefined {
  let steps = 0;
  let sliceEnd = clock.monotonic() + SLICE_MS;
  const giveWay = async (): Promise<void> => {
    await pause();
    sliceEnd = clock.monotonic() + SLICE_MS;
  };
  return () => {
    if (++steps % STEPS !== 0 || clock.monotonic() < sliceEnd) return undefined;
    return giveWay();
  };
}
