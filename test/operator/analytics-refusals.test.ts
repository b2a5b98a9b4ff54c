import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { describe, expect, it } from 'vitest';
import { AnalyticsService } from '../../gen/ostiary/v1/analytics_pb.js';
import type { RankBy } from '../../gen/ostiary/v1/analytics_pb.js';
import { ArchiveUnavailable } from '../../src/operator/analytics-desk.ts';
import { PATH_EFFECTS } from '../../src/operator/inspection.ts';
import { KeptSlots } from '../rollup/kept-slots.ts';
import { analyticsApis, HOUR, NOW } from './analytics-fixture.ts';

describe('a question about requests', () => {
  const ask = analyticsApis();

  it.each([
    [{ by: ['clinet'] }, /by: there is no dimension "clinet"; did you mean "client"\? \(there are api, route/],
    [{ by: ['client', 'client'] }, /by: client is given twice/],
    [{ where: [{ dimension: 'outcome', values: ['blockd'] }] }, /no outcome "blockd"; did you mean "blocked"/],
    [{ where: [{ dimension: 'status', values: ['20x'] }] }, /"20x" is not a status: expected one such as 404/],
    [{ where: [{ dimension: 'client', values: [] }] }, /where: client has no value/],
    [
      { where: [{ dimension: 'api', values: ['ordres'] }] },
      /nothing was counted for api "ordres"; did you mean "orders"/,
    ],
    [{ step: durationFromMs(1500) }, /step: expected whole seconds, at least 10s/],
    [{ step: durationFromMs(10_000), time: { last: durationFromMs(30 * 24 * HOUR) } }, /ask for 519s or more/],
    [{ step: durationFromMs(10_000), limit: 1000 }, /limit: with 360 steps at most 277/],
    [{ limit: 10_001 }, /limit: expected at most 10000/],
    [{ time: { last: durationFromMs(1), since: timestampFromMs(0) } }, /time: give since or last/],
    [{ time: { last: durationFromMs(0) } }, /time.last: expected a length of time above 0/],
    [{ time: { since: timestampFromMs(NOW) } }, /time: it ends at 2026-11-28T12:00:00.000Z, which is not after/],
    [{ time: { since: { seconds: 10n ** 18n } } }, /time.since: expected a time from 1970 to 9999/],
    [{ rankBy: 17 as RankBy }, /rank_by: there is no rank 17/],
  ])('teaches who asks wrongly: %#', async (request, message) => {
    const { client } = await ask();
    await expect(client.query(request)).rejects.toMatchObject({ code: 3, message: expect.stringMatching(message) });
  });

  it('says what to do where nothing is kept, or it can not be read', async () => {
    const { client } = await ask({ archive: undefined });
    for (const asked of [client.query({}), client.top({ by: 'api' }), client.graph({})]) {
      await expect(asked).rejects.toMatchObject({ code: 9, message: expect.stringContaining('--data-dir') });
    }
    await expect(client.listSamples({})).rejects.toMatchObject({
      code: 9,
      message: expect.stringContaining('keeps no samples'),
    });
    const broken = await ask({ archive: { ask: () => Promise.reject(new ArchiveUnavailable('the disk is full')) } });
    await expect(broken.client.query({})).rejects.toMatchObject({ code: 14, message: expect.stringContaining('disk') });
  });

  it('answers a few at once, lets others wait their turn, and refuses too many', async () => {
    const all = Promise.withResolvers<void>();
    const slots = new KeptSlots();
    const { client } = await ask({ archive: { ask: (question) => all.promise.then(() => slots.ask(question)) } });
    const asked = Array.from({ length: 38 }, () => client.query({}).catch((error: unknown) => error));
    await expect(Promise.race(asked)).resolves.toMatchObject({ code: 8 });
    all.resolve();
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer instanceof Error)).toHaveLength(2);
    expect((await client.query({})).total?.count).toBe(0n);
  });

  it('needs the token for each method, since they name clients', async () => {
    const { url } = await ask();
    for (const { name } of AnalyticsService.methods) {
      expect(PATH_EFFECTS[`/ostiary.v1.AnalyticsService/${name}`]).toBe('disclosure');
      const answer = await fetch(`${url}/ostiary.v1.AnalyticsService/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
      expect([name, answer.status]).toEqual([name, 401]);
    }
  });

  it('answers curl in JSON', async () => {
    const { url, headers } = await ask();
    const transport = createConnectTransport({ baseUrl: url, httpVersion: '1.1' });
    await expect(createClient(AnalyticsService, transport).query({})).rejects.toMatchObject({ code: 16 });
    const answer = await fetch(`${url}/ostiary.v1.AnalyticsService/Query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({
        time: { last: '3600s' },
        by: ['tier'],
        where: [{ dimension: 'client', values: ['till'] }],
      }),
    });
    expect(await answer.json()).toMatchObject({
      since: '2026-11-28T11:00:00Z',
      by: ['tier'],
      rows: [{ values: ['silver'], usage: { count: '10', errors: '2' } }],
    });
  });
});
