// What is asked of V8, so that a sidecar is light: nothing here changes what is decided.
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
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

/**
 * By how many per cent of what lives the old generation may grow with garbage before that is collected. V8 would let it
 * more than double, and dead read buffers with it: where somebody makes garbage that outlives the young generation
 * (thousands of calls refused, bodies cut off), that is 80 MB and more.
 */
const GROWTH_PERCENT = 50;

/** Of both halves of the young generation together. */
const LARGE_ENOUGH_BYTES = 8 * 1024 * 1024;
const GROWTH_LOOK_MS = 50;

let isLean = false;

/**
 * To be called before anything is loaded.
 *
 * V8's young generation stays as small as it starts, 1 MB each half. It would grow to 16 MB each while documents are
 * loaded, and stay so.
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
 * Lets the young generation grow to 4 MB each half, and no further, once Checks come. What a Check leaves behind dies
 * at once, so that a collection finds hardly anything to keep however often it comes: 16 MB, to which V8 would let it
 * grow, take 40 MB more and save nothing. The largest size can't be told to a V8 that runs, but by how much it grows
 * can: where `--max-semi-space-size` does not say it, growth ends when that much is seen.
 */
function growOnce(): void {
  setFlagsFromString('--semi-space-growth-factor=2');
  if (process.execArgv.some((flag) => flag.startsWith('--max-semi-space-size'))) return;
  const looking = setInterval(() => {
    const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    if (space !== undefined && space.space_size < LARGE_ENOUGH_BYTES) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(looking);
  }, GROWTH_LOOK_MS).unref();
}

/**
 * Everything is loaded and Checks come from now on. What the start has left behind, some 3 MB, is given back when the
 * process has nothing else to do: it takes 30 ms.
 */
export function endLeanStart(): void {
  if (isLean) compileFromNow();
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  growOnce();
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
