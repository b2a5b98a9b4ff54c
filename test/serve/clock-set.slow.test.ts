import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { wallClock } from '../mesh/clocks.ts';
import { startOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { decide, folder, log, policies, query, token } from './killing.ts';

const part = await partOrSkip('libfaketime');
const HOUR_S = 3600;
const PATIENCE = { timeout: 120_000, interval: 500 };

describe.skipIf(part === undefined)('a clock that is set while requests are counted', () => {
  test('forwards and backwards by an hour loses none, counts none twice, and is told', async () => {
    const clock = await wallClock(0);
    const events = join(folder, 'events.ndjson');
    const ostiary = await startOstiary({
      policies,
      args: ['--api-token-file', token, '--data-dir', join(folder, 'clock'), '--events-file', events],
      env: clock.env,
    });
    try {
      const now = Date.now();
      const all = {
        since: new Date(now - 3 * HOUR_S * 1000).toISOString(),
        until: new Date(now + 3 * HOUR_S * 1000).toISOString(),
      };
      let sent = 0;
      let late: Awaited<ReturnType<typeof decide>> = [];
      // On an hour, back again, back an hour more, and right again; each time entries of before come after.
      for (const offset of [0, HOUR_S, 0, -HOUR_S, 0]) {
        clock.set(offset);
        await log(ostiary, late);
        const told = await decide(ostiary, 20);
        await log(ostiary, told.slice(0, 15));
        late = told.slice(15);
        sent += 20;
        // A slot ends, and the clock is looked at.
        await sleep(11_000);
      }
      await log(ostiary, late);
      const whole = { count: sent, decided: sent, reported: sent };
      await expect.poll(() => query(ostiary, all), PATIENCE).toEqual(whole);
      // Nothing is told again, when what is awaited for a minute was settled.
      await sleep(75_000);
      expect(await query(ostiary, all)).toEqual(whole);
      const output = ostiary.output();
      expect(output.match(/the clock was set/g)?.length).toBe(4);
      expect(output).toContain('by 3600 s');
      expect(output).toContain('by -3600 s');
      expect(output.split('\n').filter((line) => line.includes('"level":"error"'))).toEqual([]);
      const metrics = await (await fetch(`${ostiary.adminUrl}/metrics`)).text();
      expect(metrics).toContain(`ostiary_access_log_entries_total{protocol="http",result="counted"} ${sent}`);
      expect(metrics).not.toMatch(/ostiary_history_slots_total\{result="(?!added|"})[a-z_]+"\} [1-9]/);
    } finally {
      await ostiary.stop(20_000);
    }
    const ids = readFileSync(events, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id);
    expect([ids.length, new Set(ids).size]).toEqual([100, 100]);
  });
});
