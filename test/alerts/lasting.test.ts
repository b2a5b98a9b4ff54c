import { afterEach, describe, expect, it } from 'vitest';
import type { AlertRule } from '../../src/alerts/rule.ts';
import { rule } from './story.ts';
import { requestsOf, World } from './world.ts';

let world: World;
afterEach(async () => {
  await world.evaluator?.close();
});

async function opened(...rules: readonly AlertRule[]): Promise<World> {
  world = new World(...rules);
  await world.open();
  return world;
}

const requests = (count: number) => requestsOf(world)(count);

describe('a restart', () => {
  it('neither repeats nor forgets what fires', async () => {
    await opened(rule());
    await world.slots(4, requests(200));
    await world.crash();
    await world.slots(2, requests(200));
    expect(world.told).toEqual(['busy orders firing']);
    await world.crash();
    await world.slots(8);
    expect(world.told).toEqual(['busy orders firing', 'busy orders resolved']);
  });

  it('goes on waiting where it had begun to', async () => {
    await opened(rule({ forMs: 120_000 }));
    await world.slots(7, requests(200));
    await world.crash();
    await world.slots(7, requests(200));
    expect(world.told).toEqual(['busy orders firing']);
  });

  it('tells what was not yet taken, under the same id', async () => {
    await opened(rule());
    world.answers = ['no answer'];
    await world.slots(2, requests(200));
    const [first] = world.posted;
    world.answers = [200];
    await world.crash();
    await world.settle();
    const last = world.posted.at(-1);
    expect(last?.call.headers?.['webhook-id']).toBe(first?.call.headers?.['webhook-id']);
    expect(world.results.at(-1)).toBe('delivered');
    const count = world.posted.length;
    await world.crash();
    await world.slots(3, requests(200));
    expect(world.posted).toHaveLength(count);
  });

  it('ends what fires by a document that is gone', async () => {
    await opened(rule());
    await world.slots(4, requests(200));
    world.rules = [];
    await world.crash();
    await world.slots(2, requests(200));
    expect(world.told).toEqual(['busy orders firing', 'busy orders resolved']);
  });
});

describe('a webhook', () => {
  it('that gives no answer is asked again, after longer and longer pauses, in the order of what happened', async () => {
    await opened(rule());
    world.answers = ['no answer', 503, 429, 200];
    await world.slots(2, requests(200));
    await world.slots(10);
    expect(world.told).toEqual([...Array.from({ length: 4 }, () => 'busy orders firing'), 'busy orders resolved']);
    const ids = new Set(world.posted.map(({ call }) => call.headers?.['webhook-id']));
    expect(ids.size).toBe(2);
    const pauses = world.posted.slice(1, 4).map(({ at }, index) => at - (world.posted[index]?.at ?? 0));
    expect(pauses).toEqual([1000, 2000, 4000]);
    expect(world.results).toEqual(['retried', 'retried', 'retried', 'delivered', 'delivered']);
  });

  it('that refuses is not asked again', async () => {
    await opened(rule());
    world.answers = [400];
    await world.slots(5, requests(200));
    expect(world.results).toEqual(['refused']);
  });

  it('that is away for a day is given up, and what waits is bounded', async () => {
    await opened(rule());
    world.answers = ['no answer'];
    await world.slots(2, requests(200));
    for (let hour = 0; hour < 25; hour++) {
      world.time.advance(3_600_000);
      await world.settle();
    }
    expect(world.results.filter((result) => result !== 'retried')).toEqual(['given_up']);
    expect(world.results.length).toBeLessThan(60);
  });

  it('is told though the disk is full', async () => {
    await opened(rule());
    world.isFull = true;
    await world.slots(3, requests(200));
    expect(world.told).toEqual(['busy orders firing']);
    expect(world.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});

describe('a state that is shared', () => {
  it('is stored before anything is told of it', async () => {
    world = new World(rule());
    world.isShared = true;
    await world.open();
    world.isFull = true;
    await world.slots(3, requests(200));
    expect(world.told).toEqual([]);
    world.isFull = false;
    await world.slots(1, requests(200));
    expect(world.told).toEqual(['busy orders firing']);
  });

  it('that can not be read is not begun anew', async () => {
    world = new World(rule());
    world.isShared = true;
    world.isUnreadable = true;
    await expect(world.open()).rejects.toThrow('unreadable');
  });

  it('is left to others at once, and nothing more is told or stored', async () => {
    world = new World(rule());
    world.isShared = true;
    await world.open();
    await world.slots(1, requests(200));
    const before = world.kept;
    world.evaluator?.stop();
    await world.slots(4, requests(200));
    expect(world.told).toEqual([]);
    expect(world.kept).toBe(before);
    world.evaluator = undefined;
  });
});

describe('a clock that is set', () => {
  it('back by an hour holds no alert up', async () => {
    await opened(rule({ forMs: 60_000 }));
    await world.slots(3, requests(200));
    world.time.wallMs -= 3_600_000;
    await world.slots(6, requests(200));
    expect(world.told).toEqual(['busy orders firing']);
  });

  it('ends nothing before a window has passed: what was counted before stands at another time', async () => {
    await opened(rule());
    await world.slots(3, requests(200));
    world.time.wallMs -= 3_600_000;
    await world.slots(4);
    expect(world.told).toEqual(['busy orders firing']);
    await world.slots(6);
    expect(world.told).toEqual(['busy orders firing', 'busy orders resolved']);
  });

  it('forward by an hour fires nothing that has not held for long', async () => {
    await opened(rule({ forMs: 600_000 }), rule({ name: 'silent', operator: 'below', threshold: 1 }));
    await world.slots(9, requests(200));
    world.time.wallMs += 3_600_000;
    await world.slots(4, requests(200));
    expect(world.told).toEqual([]);
  });
});
