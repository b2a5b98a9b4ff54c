import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { decide, folder, log, policies, query, token } from './killing.ts';

test.concurrent.each([
  ['one process', []],
  ['two workers', ['--workers', '2']],
])(
  'of %s that is killed, every decision is counted or shown as unknown',
  async (_, args) => {
    const dataDir = join(mkdtempSync(join(folder, 'data-')), 'history');
    const start = (): Promise<RealOstiary> =>
      startOstiary({ policies, args: ['--api-token-file', token, '--data-dir', dataDir, ...args] });
    const first = await start();
    await log(first, await decide(first, 20));
    await expect.poll(() => query(first), { timeout: 25_000, interval: 250 }).toMatchObject({ count: 20, decided: 20 });
    const later = await decide(first, 30);
    await log(first, later.slice(0, 10));
    // It is written down within a second.
    await sleep(2500);
    const files = readdirSync(join(dataDir, 'accounts'));
    expect(files).toHaveLength(args.length === 0 ? 1 : 3);
    for (const file of files) expect(statSync(join(dataDir, 'accounts', file)).mode & 0o777).toBe(0o600);
    await first.kill();

    const second = await start();
    expect(second.output()).toContain('gap in analytics');
    await log(second, later.slice(10, 15));
    const own = await decide(second, 4);
    await log(second, own);
    await expect
      .poll(() => query(second), { timeout: 100_000, interval: 1000 })
      .toSatisfy(
        ({ decided, reported, unknown = 0 }: Record<string, number>) => decided === 54 && reported! + unknown === 54,
      );
    const { count, reported, unknown } = await query(second);
    // Ten had come, and were kept if a slot ended before the kill.
    expect(count).toBe(reported);
    expect(unknown).toBeGreaterThanOrEqual(15);
    expect(unknown).toBeLessThanOrEqual(25);
    const metrics = await (await fetch(`${second.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(
      args.length === 0 ? /^ostiary_analytics_gaps_total 1$/m : /^ostiary_analytics_gaps_total 3$/m,
    );
    await second.stop(20_000);
    // Nothing is told again.
    const third = await start();
    await sleep(11_000);
    expect(await query(third)).toEqual({ count, decided: 54, reported, unknown });
    await third.stop(20_000);
  },
  240_000,
);
