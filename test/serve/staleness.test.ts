import { expect, it } from 'vitest';
import { servesForMs, watchStaleness } from '../../src/serve/staleness.ts';

it.each([
  [0, [], 0],
  [0, [15_000, undefined], 0],
  [0, [15_000, 60_000], 60_000],
  [30_000, [15_000, 60_000], 30_000],
  [90_000, [15_000, 60_000], 60_000],
  [90_000, [undefined], 90_000],
])('with --max-stale of %i ms and APIs of %j, a sidecar serves for %i ms', (flagMs, apis, expected) => {
  expect(
    servesForMs(
      flagMs,
      apis.map((maxStaleMs) => ({ maxStaleMs })),
    ),
  ).toBe(expected);
});

it('the log tells once which requests are denied because no control plane was heard', () => {
  let silentMs = 0;
  let look = (): void => {};
  const told: string[] = [];
  const tell = (event: string, { detail }: { detail?: unknown } = {}): void =>
    void told.push(`${event}: ${String(detail)}`);
  const timers = {
    after(_: number, callback: () => void) {
      look = callback;
      return () => {};
    },
  };
  const apis = () => [{ name: 'orders', maxStaleMs: 15_000 }, { name: 'billing' }];
  watchStaleness(60_000, { silentMs: () => silentMs, apis, log: { error: tell, info: tell }, timers, looked() {} });
  for (const ms of [10_000, 16_000, 17_000, 61_000, 0, 0]) {
    silentMs = ms;
    look();
  }
  expect(told).toEqual([
    'requests are denied: no control plane was heard for 16 s, longer than maxStale of orders',
    'every request is denied: no control plane was heard for 61 s, longer than --max-stale',
    'requests are decided again: a control plane was heard',
  ]);
});
