import { expect } from 'vitest';
import type { Stage } from './stage.ts';

/** Requests whose end Envoys have told ostiary since `before`, by API, client application and outcome, such as `orders web processed`. */
export async function countedRequests({ ostiary }: Stage, before: Counts = {}): Promise<Counts> {
  const text = await (await fetch(`${ostiary.adminUrl}/metrics`)).text();
  const counts: Record<string, number> = {};
  for (const [, labels = '', count] of text.matchAll(/^ostiary_requests_total\{(.*)\} (\d+)$/gm)) {
    const value = (name: string) => new RegExp(`\\b${name}="(.*?)"`).exec(labels)?.[1] || '-';
    const key = `${value('api')} ${value('client')} ${value('outcome')}`;
    counts[key] = (counts[key] ?? 0) + Number(count);
  }
  for (const [key, count] of Object.entries(before)) {
    counts[key] = (counts[key] ?? 0) - count;
    if (counts[key] === 0) delete counts[key];
  }
  return counts;
}

export type Counts = Readonly<Record<string, number>>;

/** Envoy sends once a second what it has gathered: what was asked so far has come when nothing more does. */
export async function settledRequests(stage: Stage): Promise<Counts> {
  let last: Counts = {};
  let same = 0;
  while (same < 5) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const now = await countedRequests(stage);
    same = JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 0;
    last = now;
  }
  return last;
}

/** The counts become these, and stay. */
export async function expectCounted(stage: Stage, before: Counts, expected: Counts): Promise<void> {
  await expect.poll(() => countedRequests(stage, before), { timeout: 20_000, interval: 200 }).toEqual(expected);
}
