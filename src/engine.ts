// Settings of V8 that keep a sidecar light. Nothing here changes decisions.
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;

/** For more bytes of documents than this, the optimizing compilers run while documents load. */
const MAX_LEAN_BYTES = 256 * 1024;
/** More slack is worth a pause of up to 100 ms. */
const MAX_SLACK_BYTES = 32 * 1024 * 1024;

/** How often, and how many times, to check whether the process is idle. */
const LOOK_MS = 1000;
const MAX_LOOKS = 60;
/** A share of the time. */
const IDLE_UTILIZATION = 0.05;

/**
 * By how many per cent of its live objects the old generation may grow with garbage before a collection. V8 would let
 * it more than double, together with dead read buffers. If a peer causes garbage that outlives the young generation
 * (thousands of refused calls, bodies that are cut off), that is 80 MB and more.
 */
const GROWTH_PERCENT = 25;

/** For both halves of the young generation together. */
const LARGE_ENOUGH_BYTES = 8 * 1024 * 1024;
const GROWTH_LOOK_MS = 50;

let isLean = false;

/**
 * Call this before anything is loaded.
 *
 * V8 must not guess from the first survivors that what a line of code makes will live long: nothing of a Check does. It
 * would be made in the old generation, where dead objects keep young ones alive, and counting in memory took up to three
 * times as long, in some processes and not in others.
 *
 * It keeps V8's young generation at its initial size, 1 MB each half. While documents load it would grow to 16 MB each,
 * and stay there.
 *
 * The optimizing compilers wait for {@link endLeanStart}: for code that runs once they would waste 5 MB.
 */
export function startLean(): void {
  isLean = true;
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-maglev');
  setFlagsFromString('--no-turbofan');
}

/** Call this with the number of bytes that are about to be loaded: if it is large, the compilers start at once. */
export function aboutToLoad(bytes: number): void {
  if (isLean && bytes > MAX_LEAN_BYTES) compileFromNow();
}

/**
 * Lets the young generation grow to 4 MB each half, and no further, once Checks come. The garbage of a Check dies at
 * once, so a collection finds hardly any live objects, however often it runs. The 16 MB that V8 would allow take 40 MB
 * more and save nothing. The maximum can't be set in a running V8, but its growth factor can: without
 * `--max-semi-space-size`, growth ends when this size is observed.
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
 * Everything is loaded, and Checks come from now on. The garbage of the start, some 3 MB, is released when the process
 * is idle: it takes 30 ms.
 * @param growthPercent less than usual for a process that holds much and makes little garbage
 */
export function endLeanStart(growthPercent = GROWTH_PERCENT): void {
  if (isLean) compileFromNow();
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
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
 * Returns the garbage of loading many documents to the system. Nothing else runs during these 50 to 100 ms, so call it
 * after the first load, before Checks come. If little was loaded it does nothing.
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
