// What is asked of V8, so that a sidecar is light: nothing here changes what is decided.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;

/** Documents that take more are loaded with what the optimizing compilers make of the loader. */
const MAX_LEAN_BYTES = 256 * 1024;
/** More slack is worth a pause of up to 100 ms. */
const MAX_SLACK_BYTES = 32 * 1024 * 1024;

/** Whether the process is idle is looked at so often, so many times. */
const LOOK_MS = 1000;
const MAX_LOOKS = 60;
/** A share of the time. */
const IDLE_UTILIZATION = 0.05;

let isLean = false;

/**
 * To be called before anything is loaded.
 *
 * V8's young generation stays as small as it starts, 1 MB each half. It would grow to 16 MB each while documents are
 * loaded or Checks come, and never shrink under load. What a Check leaves behind dies at once, so a collection finds
 * hardly anything to keep, however often it comes. Its largest size can't be told to a V8 that runs, but by how much
 * it grows can.
 *
 * The optimizing compilers wait for {@link endLeanStart}: for what runs once they are 5 MB for nothing.
 */
export function startLean(): void {
  isLean = true;
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-maglev');
  setFlagsFromString('--no-turbofan');
}

/** To be told how much is about to be loaded, in bytes: where it is much, the compilers wait no longer. */
export function aboutToLoad(bytes: number): void {
  if (isLean && bytes > MAX_LEAN_BYTES) compileFromNow();
}

/**
 * Everything is loaded and Checks come from now on. What the start has left behind, some 3 MB, is given back when the
 * process has nothing else to do: it takes 30 ms.
 */
export function endLeanStart(): void {
  if (isLean) compileFromNow();
  collectWhenIdle(MAX_LOOKS);
}

function collectWhenIdle(looks: number): void {
  const before = performance.eventLoopUtilization();
  setTimeout(() => {
    const { utilization } = performance.eventLoopUtilization(before);
    if (utilization < IDLE_UTILIZATION) collect();
    else if (looks > 1) collectWhenIdle(looks - 1);
  }, LOOK_MS).unref();
}

/**
 * Gives back to the system what loading many documents has left behind. It takes 50 to 100 ms in which nothing else
 * runs, so it has its place after the first load, before Checks come. Where little was loaded it does nothing.
 */
export function trimHeap(): void {
  const { heapTotal, heapUsed } = process.memoryUsage();
  if (heapTotal - heapUsed >= MAX_SLACK_BYTES) collect();
}

function compileFromNow(): void {
  isLean = false;
  setFlagsFromString('--maglev');
  setFlagsFromString('--turbofan');
}

function collect(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  gc({ type: 'major', flavor: 'last-resort' });
}
