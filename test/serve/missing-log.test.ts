import { expect, test } from 'vitest';
import type { Timers } from '../../src/clock.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { decisionsIn, watchForLog } from '../../src/serve/missing-log.ts';
import { decision, stoppedClock } from '../observe/decisions.ts';

function watch() {
  const metrics = createMetrics({ clock: stoppedClock(), version: '0.0.0' });
  const told: unknown[] = [];
  let due: (() => void) | undefined;
  const timers: Timers = {
    after(_, callback) {
      due = callback;
      return () => (due = undefined);
    },
  };
  const { registry } = metrics;
  const decided = () => decisionsIn(registry);
  const missing = watchForLog({ registry, log: { warn: (...line) => told.push(line) }, timers, decided });
  const pass = async (): Promise<void> => {
    due?.();
    await new Promise(setImmediate);
  };
  const gauge = async () => /^ostiary_access_log_missing (\d)$/m.exec(await metrics.registry.metrics())?.[1];
  return { metrics, missing, told, pass, gauge };
}

test('nothing is missing while nothing is decided', async () => {
  const { told, pass, gauge } = watch();
  for (let minute = 0; minute < 3; minute++) await pass();
  expect([told.length, await gauge()]).toEqual([0, '0']);
});

test('Checks without any stream are told at once, and then every hour', async () => {
  const { metrics, told, pass, gauge } = watch();
  metrics.checks.decided(decision(), 1);
  for (let minute = 0; minute < 59; minute++) await pass();
  expect(told).toEqual([['no access log', { detail: expect.stringContaining('1 Checks were decided') as string }]]);
  expect(await gauge()).toBe('1');
  for (let minute = 0; minute < 2; minute++) await pass();
  expect(told.length).toBe(2);
});

test('after the first stream it is over', async () => {
  const { metrics, missing, told, pass, gauge } = watch();
  metrics.checks.decided(decision(), 1);
  await pass();
  missing.found();
  expect(await gauge()).toBe('0');
  for (let minute = 0; minute < 100; minute++) await pass();
  expect(told.length).toBe(1);
});
