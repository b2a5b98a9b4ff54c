/** Keeps what was computed in use, so that it isn't optimised away. */
let sink = 0;

/**
 * Nanoseconds of its core that one call of `work` takes: the median of several batches, after a
 * warm-up. The thread's own CPU time is measured, so that a busy machine does not show.
 * @param work answers something that depends on all it did
 */
export function nanosecondsPerCall(work: () => number, calls = 200_000, batches = 7): number {
  for (let i = 0; i < calls; i++) sink += work();
  const times: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const start = process.threadCpuUsage();
    for (let i = 0; i < calls; i++) sink += work();
    const { user, system } = process.threadCpuUsage(start);
    times.push(((user + system) * 1e3) / calls);
  }
  if (Number.isNaN(sink)) throw new TypeError('the work must answer a number');
  return median(times);
}

/** Of an even number of values the upper of the two in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
