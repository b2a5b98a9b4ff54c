import { afterEach, describe, expect, it } from 'vitest';
import type { AlertRule } from '../../src/alerts/rule.ts';
import { rule } from './story.ts';
import type { Requests } from './story.ts';
import { requestsOf, SLOT, World } from './world.ts';

let world: World;
afterEach(async () => {
  await world.evaluator?.close();
});

async function opened(...rules: readonly AlertRule[]): Promise<World> {
  world = new World(...rules);
  await world.open();
  return world;
}

const requests = (count: number, more: Partial<Requests> = {}) => requestsOf(world)(count, more);

describe('the evaluation', () => {
  it('tells when an alert fires and when it ends, each once', async () => {
    await opened(rule({ threshold: 100 }));
    await world.slots(6, requests(10));
    expect(world.told).toEqual([]);
    await world.slots(6, requests(30));
    expect(world.told).toEqual(['busy orders firing']);
    expect(world.states).toEqual(['busy firing 1']);
    await world.slots(12);
    expect(world.told).toEqual(['busy orders firing', 'busy orders resolved']);
    expect(world.states).toEqual([]);
    expect(world.lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['alert firing', 'alert told', 'alert resolved']),
    );
  });

  it('waits for as long as the alert says', async () => {
    await opened(rule({ threshold: 100, forMs: 60_000 }));
    await world.slots(5, requests(200));
    expect([world.told, world.states]).toEqual([[], ['busy pending 1']]);
    await world.slots(4, requests(200));
    expect(world.told).toEqual(['busy orders firing']);
  });

  it('is of each API by itself', async () => {
    await opened(rule({ apis: ['orders', 'users'] }));
    await world.slots(4, (at) => {
      requests(200)(at);
      requests(1, { api: 'users' })(at);
      requests(900, { api: 'others' })(at);
    });
    expect(world.told).toEqual(['busy orders firing']);
  });

  const good: Requests = { count: 95, durationMs: 40 };
  const bad: Requests = { count: 5, durationMs: 900, status: '503' };
  it.each<[string, Partial<AlertRule>, readonly Requests[], boolean]>([
    ['statuses, exact', { threshold: 20, filter: { status: ['503'] } }, [good, bad], true],
    ['statuses, by class', { threshold: 20, filter: { status: ['5xx', '404'] } }, [good, bad], true],
    ['other statuses', { threshold: 0, filter: { status: ['4xx', '500'] } }, [good, bad], false],
    ['requests that were never logged', { threshold: 0 }, [{ count: 9, outcome: 'unreported' }], false],
    ['a client', { threshold: 0, filter: { client: ['web'] } }, [{ count: 1, client: 'web' }], true],
    ['another client', { threshold: 0, filter: { client: ['web'] } }, [{ count: 1, client: 'app' }], false],
    [
      'a tier and a method',
      { threshold: 0, filter: { tier: ['gold'], method: ['GET'] } },
      [{ count: 1, tier: 'gold' }],
      false,
    ],
    ['the share of failures', { metric: 'errorRatio', threshold: 0.04 }, [good, bad], true],
    ['a lower share of failures', { metric: 'errorRatio', threshold: 0.06 }, [good, bad], false],
    ['the 99th percentile', { metric: 'responseTime', statistic: 'p99', threshold: 500 }, [good, bad], true],
    ['the median', { metric: 'responseTime', statistic: 'p50', threshold: 50 }, [good, bad], false],
    ['the average', { metric: 'responseTime', statistic: 'average', threshold: 80 }, [good, bad], true],
    ['a higher average', { metric: 'responseTime', statistic: 'average', threshold: 90 }, [good, bad], false],
    ['denials', { metric: 'denials', threshold: 9 }, [good, { count: 5, outcome: 'blocked' }], true],
    [
      'denials for a reason',
      { metric: 'denials', threshold: 9, filter: { reason: ['quota_spent'] } },
      [{ count: 5, outcome: 'blocked', reason: 'token_missing' }],
      false,
    ],
    ['a burn rate', { metric: 'burnRate', threshold: 10, objective: 0.999, shortWindowMs: SLOT }, [good, bad], true],
    [
      'a burn rate below',
      { metric: 'burnRate', threshold: 60, objective: 0.999, shortWindowMs: SLOT },
      [good, bad],
      false,
    ],
  ])('looks at %s', async (_, fields, rows, fires) => {
    await opened(rule(fields));
    await world.slots(8, (at) => {
      for (const row of rows) requests(row.count, row)(at);
    });
    expect(world.told).toEqual(fires ? ['busy orders firing'] : []);
  });

  it('of a burn rate ends soon after the failures, by the short window', async () => {
    await opened(
      rule({ metric: 'burnRate', threshold: 10, objective: 0.99, windowMs: 600_000, shortWindowMs: 60_000 }),
    );
    await world.slots(20, requests(10, { status: '500' }));
    await world.slots(20, requests(10));
    expect(world.told).toEqual(['busy orders firing', 'busy orders resolved']);
  });

  it('of completeness looks at all nodes together', async () => {
    await opened(rule({ metric: 'completeness', apis: [], operator: 'below', threshold: 0.99 }));
    await world.slots(4, (at) => world.story.addCompleteness(at, { decided: 100, reported: 100 }));
    expect(world.told).toEqual([]);
    await world.slots(4, (at) => world.story.addCompleteness(at, { decided: 100, reported: 90, unreported: 10 }));
    expect(world.told).toEqual(['busy  firing']);
  });

  it('of a quota looks at what is used at this moment', async () => {
    const labels = { api: 'orders', contract: 'web-orders', policy: 'orders/sla', window: '60000' };
    const use = { labels, client: 'web', tier: 'gold', used: 0.9 };
    await opened(rule({ metric: 'quotaUsed', threshold: 0.8, windowMs: 0, filter: { client: ['web'] } }));
    world.quotas = [use, { ...use, labels: { ...labels, window: '1000' }, used: 0.1 }, { ...use, client: 'app' }];
    await world.slots(7);
    expect(world.told).toEqual(['busy orders,web-orders,orders/sla,60000 firing']);
    world.quotas = [];
    await world.slots(7);
    expect(world.told).toHaveLength(2);
  });
});

describe('what is not known', () => {
  it('leaves a firing alert firing, and is told in metrics and in the log, once', async () => {
    await opened(rule());
    await world.slots(4, requests(200));
    world.story.failure = 'the history is away';
    await world.slots(20);
    expect(world.told).toEqual(['busy orders firing']);
    expect(world.states).toEqual(['busy firing 1', 'busy unknown 1']);
    expect(world.lines.filter(({ msg }) => msg.startsWith('alert is not evaluated'))).toHaveLength(1);
    world.story.failure = undefined;
    await world.slots(2);
    expect(world.told).toEqual(['busy orders firing', 'busy orders resolved']);
    expect(world.states).toEqual([]);
  });

  it('is not a count of 0: too few requests alarm after a whole window was watched', async () => {
    await opened(rule({ operator: 'below', threshold: 1, windowMs: 60_000 }));
    await world.slots(5);
    expect([world.told, world.states]).toEqual([[], ['busy unknown 1']]);
    await world.slots(4);
    expect(world.told).toEqual(['busy orders firing']);
  });

  it('is what the history does not reach back to', async () => {
    await opened(rule({ operator: 'below', threshold: 1000, windowMs: 7_200_000 }));
    world.story.oldestMs = world.slotStart;
    await world.slots(80, requests(1));
    expect([world.told, world.states]).toEqual([[], ['busy unknown 1']]);
  });

  it('is neither slow nor failing: without requests such an alert ends', async () => {
    await opened(rule({ metric: 'errorRatio', threshold: 0.1 }));
    await world.slots(3, requests(5, { status: '500' }));
    await world.slots(8);
    expect(world.told).toEqual(['busy orders firing', 'busy orders resolved']);
  });
});
