import { describe, expect, it } from 'vitest';
import type { AnalyticsDesk } from '../../../src/operator/analytics-desk.ts';
import { analyticsApis, HOUR, NOW, OK, SHOP } from '../../operator/analytics-fixture.ts';
import { rowOf, slotOf } from '../../rollup/kept-slots.ts';
import { runMain } from '../run-main.ts';

const DURING = ['--since', '2026-11-28T11:00:00Z', '--until', '2026-11-28T12:00:00Z'];

describe('ostiary analytics', () => {
  const serve = analyticsApis();

  async function start(given: Partial<AnalyticsDesk> = {}) {
    const { url, tokenFile, archive } = await serve(given);
    const run = (...argv: string[]) =>
      runMain(['analytics', ...argv, '--api-address', url, '--api-token-file', tokenFile]);
    return { run, archive, url, tokenFile };
  }

  it('query prints a table with totals, the time, and how complete it is', async () => {
    const { run, archive } = await start({
      unreportedBy: () => [{ envoy: '10.0.3.7:8080', decided: 2000, unreported: 212 }],
    });
    const many = rowOf({ ...SHOP, ...OK, route: '/orders/{id}' }, 1_204_311, 70, 3000);
    const lost = { ...rowOf({ ...SHOP, outcome: 'unreported' }, 212, 0, 0), durationCount: 0, durations: [] };
    archive.take(
      slotOf(NOW - 300_000, [many, lost], {
        completeness: { decided: 1_204_563, reported: 1_204_311, unreported: 212, unknown: 0 },
      }),
    );
    const { code, stdout, stderr } = await run('query', '--by', 'client,status', ...DURING);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`\
client  status   requests        errors         denied      p50      p95      p99     sent
──────  ──────  ─────────  ────────────  ─────────────  ───────  ───────  ───────  ───────
shop    200     1,204,371             0              0   449 ms   449 ms   449 ms  7.23 GB
shop    –             212             0              0        –        –        –      0 B
shop    429            30             0     30 (100 %)  33.4 ms  33.4 ms  33.4 ms     6 kB
till    200             8             0              0  33.4 ms  33.4 ms  33.4 ms   1.6 kB
–       200             5             0              0  33.4 ms  33.4 ms  33.4 ms     1 kB
till    503             2     2 (100 %)              0   1.07 s   1.07 s   1.07 s    400 B
──────  ──────  ─────────  ────────────  ─────────────  ───────  ───────  ───────  ───────
total           1,204,628  2 (< 0.01 %)  30 (< 0.01 %)   449 ms   449 ms   449 ms  7.23 GB

2026-11-28 11:00:00 to 2026-11-28 12:00:00 UTC, from spans of 10 s
99.98 % of 1,204,628 decisions reported; 212 not reported by 10.0.3.7:8080; 40 under way
`);
  });

  it('query -o json has rows of the asked dimensions and the count', async () => {
    const { run } = await start();
    const { stdout } = await run('query', '--api', 'orders', '--by', 'client,status', '-o', 'json', ...DURING);
    const answer = JSON.parse(stdout);
    expect(answer.rows.map(({ client, status, count }: Record<string, unknown>) => [client, status, count])).toEqual([
      ['shop', '200', 60],
      ['shop', '429', 30],
      ['till', '200', 8],
      ['till', '503', 2],
    ]);
    expect(answer).toMatchObject({ since: '2026-11-28T11:00:00.000Z', total: { count: 100, errors: 2, denials: 30 } });
    expect(answer.completeness).toMatchObject({ decided: 105, reported: 105, unreported: 0 });
  });

  it('query -o csv has records alone on stdout', async () => {
    const { run } = await start();
    const { stdout, stderr } = await run(
      'query',
      '--by',
      'client',
      '--step',
      '5m',
      '--where',
      'status=5xx',
      '-o',
      'csv',
      ...DURING,
    );
    expect(stdout.split('\r\n').map((line) => line.split(',').slice(0, 5))).toEqual([
      ['start', 'client', 'count', 'errors', 'denials'],
      ['2026-11-28T11:50:00.000Z', 'till', '2', '2', '0'],
      [''],
    ]);
    expect(stderr).toBe('100.00 % of 105 decisions reported\n');
  });

  it('asks for what its flags say', async () => {
    const { run, archive } = await start();
    const where = ['--where', 'status=5xx', '--where', 'status=0', '--where', 'client!=', '--client', 'shop'];
    expect((await run('query', ...where, '--rank-by', 'errors', '--limit', '7', '--since', '90m')).code).toBe(0);
    const [question] = archive.questions;
    expect(question).toMatchObject({ sinceMs: NOW - 1.5 * HOUR, untilMs: NOW, order: 'errors', most: 7, by: [] });
    expect(question?.where.map(({ dimension, values, isExcluded }) => [dimension, values.at(-1), isExcluded])).toEqual([
      ['status', '0', false],
      ['client', '', true],
      ['client', 'shop', false],
    ]);
  });

  it('top prints ranks with their share, and the time before', async () => {
    const { run, archive } = await start();
    archive.take(slotOf(NOW - HOUR - 300_000, [rowOf({ ...SHOP, ...OK }, 60)]));
    const { stdout } = await run('top', '--since', '1h', '--limit', '2');
    const cells = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(cells[2]?.slice(0, 4)).toEqual(['1', 'shop', '86 %', '90']);
    expect(cells[2]?.slice(-2)).toEqual(['60', '+50 %']);
    expect(cells[3]?.slice(-2)).toEqual(['0', 'new']);
    expect(stdout).toContain('by requests; 1 more, see --limit');
    expect((await run('top', '--rank-by', 'duration')).stdout).toMatch(/ mean /);
    expect((await run('top', '--rank-by', 'bytes')).stdout).toMatch(/ sent  received /);
    const none = await run('top', '--where', 'status=418');
    expect(none.stdout).toMatch(/^no request of this kind was counted\n/);
    const json = JSON.parse((await run('top', '--by', 'reason', '--rank-by', 'denials', '-o', 'json')).stdout);
    expect(json.rows[0]).toMatchObject({ reason: 'quota_spent', denials: 30, share: 1 });
  });

  it('samples prints what happened, who it was and what each policy did', async () => {
    const event = {
      id: 'id-1',
      receivedAt: NOW - 1000,
      endedAt: NOW - 900,
      api: 'orders',
      apiVersion: 'v2',
      route: '/orders/{id}',
      client: 'shop\u001b[2J',
      outcome: 'blocked' as const,
      policy: 'orders/0',
      reason: 'quota_spent',
      method: 'GET',
      status: 429,
      responseFlags: ['UAEX'],
      requestBytes: 10,
      responseBytes: 20,
      durationMs: 1.25,
    };
    const step = { name: 'orders/0', policy: 'rate-limiting', mode: 'enforce', result: 'deny' } as const;
    const steps = [{ ...step, reason: 'quota_spent', durationMs: 0.1 }];
    const { run } = await start({ samples: { find: ({ client }) => (client === 'nobody' ? [] : [{ event, steps }]) } });
    expect((await run('samples', '--api', 'orders')).stdout).toBe(`\
2026-11-28 11:59:59 UTC  GET /orders/{id}  429 in 1.25 ms, 20 B
  blocked: quota_spent by orders/0
  api orders v2  client shop\\u{1b}[2J
  flags UAEX
  orders/0: deny, quota_spent in 100 µs
`);
    const { samples } = JSON.parse((await run('samples', '-o', 'json')).stdout);
    expect(samples).toMatchObject([{ id: 'id-1', status: 429, requestBytes: 10, received: '2026-11-28T11:59:59Z' }]);
    expect((await run('samples', '-o', 'csv')).stdout).toContain('\r\n2026-11-28T11:59:59.000Z,orders,/orders/{id},');
    expect((await run('samples', '--client', 'nobody')).stdout).toContain('no sample is kept');
  });

  it.each([
    [[], 2, 'a question comes first: ostiary analytics query|top|graph|samples'],
    [['qurey'], 2, 'there is no question "qurey"; did you mean "query"?'],
    [['query', '--by', 'clinet'], 2, '--by is "clinet": there is no dimension "clinet"; did you mean "client"?'],
    [['query', '--by', 'api,api'], 2, '--by is "api,api": api is there twice'],
    [['query', '--where', 'statsu=200'], 2, 'there is no dimension "statsu"; did you mean "status"?'],
    [['query', '--where', 'status'], 2, 'expected DIMENSION=VALUE or DIMENSION!=VALUE'],
    [['query', '--since', 'yesterday'], 2, '--since is "yesterday": expected how long ago'],
    [['query', '--since', '1h', '--until', '2h'], 2, '--since 1h is not before --until 2h'],
    [['query', '--step', '1s'], 2, '--step is "1s": expected a length of at least 10s'],
    [['query', '-o', 'dot'], 2, '--output is "dot": expected one of table, json, csv for analytics query'],
    [['samples', '-o', 'dot'], 2, '--output is "dot": expected one of table, json, csv for analytics samples'],
    [['graph', '--around', 'orders'], 2, '--around'],
    [['graph', '--min-rate', 'many'], 2, 'expected requests a second, such as 0.5'],
    [['top', '--by', 'api,client'], 2, 'top ranks one dimension'],
    [['top', '--step', '1m'], 2, '--step has no effect in ostiary analytics top'],
    [['samples', '--by', 'api'], 2, '--by has no effect in ostiary analytics samples'],
    [['query', '--api', 'ordrs'], 1, 'ostiary: where: nothing was counted for api "ordrs"; did you mean "orders"?'],
    [['query', '--step', '10s', '--since', '30d'], 1, 'ask for 519s or more'],
  ])('%j teaches', async (argv, exitCode, said) => {
    const { run } = await start();
    const { code, stdout, stderr } = await run(...argv);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('says how to get a history, and that a token is needed', async () => {
    const { run, url } = await start({ archive: undefined });
    const none = await run('query');
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('start ostiary with --data-dir DIR')]);
    const stranger = await runMain(['analytics', 'query', '--api-address', url]);
    expect(stranger.stderr).toContain('this needs the API token: give --api-token-file FILE');
    const nowhere = await runMain(['analytics', 'query'], { OSTIARY_API: 'http://127.0.0.1:1' });
    expect(nowhere.stderr).toContain('http://127.0.0.1:1 does not answer');
    const wrong = await runMain(['analytics', 'query', '--api-address', 'http://127.0.0.1:1/x']);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--api-address is http://127.0.0.1:1/x') });
  });

  it('names the moment that a length of time ago is', async () => {
    const { run, archive } = await start();
    const before = Date.now();
    await run('query', '--since', '2h', '--until', '1h');
    const [question] = archive.questions;
    expect(question && question.untilMs - question.sinceMs).toBe(HOUR);
    expect(Math.abs((question?.untilMs ?? 0) - (before - HOUR))).toBeLessThan(60_000);
  });
});
