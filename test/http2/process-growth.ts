import { readdirSync, readFileSync } from 'node:fs';

/** What one look at a process of Linux tells. */
export interface ProcessSample {
  /** Since the process is looked at. */
  readonly seconds: number;
  readonly residentMegabytes: number;
  readonly descriptors: number;
}

export function sample(pid: number, seconds: number): ProcessSample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    seconds,
    residentMegabytes: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** Least squares over the samples: what the line through them rises by from the first to the last. */
export function growthMegabytes(samples: readonly ProcessSample[]): number {
  const first = samples[0]?.seconds ?? 0;
  const last = samples.at(-1)?.seconds ?? 0;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanSeconds = mean(samples.map(({ seconds }) => seconds));
  const meanMegabytes = mean(samples.map(({ residentMegabytes }) => residentMegabytes));
  let together = 0;
  let alone = 0;
  for (const { seconds, residentMegabytes } of samples) {
    together += (seconds - meanSeconds) * (residentMegabytes - meanMegabytes);
    alone += (seconds - meanSeconds) ** 2;
  }
  return (together / alone) * (last - first);
}
