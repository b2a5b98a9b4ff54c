import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;

/** Less is not worth the pause. */
const MIN_SLACK_BYTES = 32 * 1024 * 1024;

/**
 * Gives back to the system what loading has left behind: V8 keeps its young generation as large as
 * loading has made it, 60 MB and more, long after everything in it is garbage. It takes 50 to 100 ms
 * in which nothing else runs, so it has its place after the first load, before Checks come. Where
 * little was loaded it does nothing.
 */
export function trimHeap(): void {
  const { heapTotal, heapUsed } = process.memoryUsage();
  if (heapTotal - heapUsed < MIN_SLACK_BYTES) return;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', flavor: 'last-resort' });
}
