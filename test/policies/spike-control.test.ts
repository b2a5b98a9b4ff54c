import { describe, expect, it } from 'vitest';
import type { Timers } from '../../src/clock.ts';
import type { Outcome } from '../../src/policy/policy.ts';
import spikeControl from '../../src/policies/spike-control.ts';
import type { Request } from '../../src/policy/policy.ts';

/** A clock that moves when it is told, and its timers. */
function stage() {
  let now = 1000;
  const due: { at: number; callback: () => void }[] = [];
  const timers: Timers = {
    after(delayMs, callback) {
      const timer = { at: now + delayMs, callback };
      due.push(timer);
      return () => {
        const place = due.indexOf(timer);
        if (place >= 0) due.splice(place, 1);
      };
    },
  };
  return {
    clock: { now: () => now, monotonic: () => now },
    timers,
    timersSet: () => due.length,
    async pass(ms: number) {
      const end = now + ms;
      for (;;) {
        const [next] = due.toSorted((a, b) => a.at - b.at);
        if (next === undefined || next.at > end) break;
        now = next.at;
        due.splice(due.indexOf(next), 1);
        next.callback();
        await Promise.resolve();
      }
      now = end;
      for (let i = 0; i < 5; i++) await Promise.resolve();
    },
  };
}

function policyOf(config: object, on = stage()) {
  const policy = spikeControl.create(spikeControl.options.parse(config), on);
  if (policy.phase !== 'access') throw new Error('not an access policy');
  const ask = (parts: Partial<Request> = {}) =>
    policy.decide({ api: 'orders', deadline: Infinity, ...parts } as unknown as Request);
  return { on, policy, ask };
}

function told(outcome: Outcome) {
  if (outcome.reason === undefined) return 'passes';
  if (outcome.reason !== 'spike_refused') return outcome.reason;
  return `refused for ${outcome.windows[0]?.resetMs}`;
}

const TWO = { maximumRequests: 2, timePeriodInMilliseconds: 100 };

describe('spike-control', () => {
  it('lets so many through in any period, wherever it begins', async () => {
    const { on, ask } = policyOf(TWO);
    expect(told(await ask())).toBe('passes');
    await on.pass(60);
    expect(told(await ask())).toBe('passes');
    expect(told(await ask())).toBe('refused for 40');
    await on.pass(40);
    expect(told(await ask())).toBe('passes');
    expect(told(await ask())).toBe('refused for 60');
  });

  it('counts each API by itself', async () => {
    const { ask } = policyOf({ ...TWO, maximumRequests: 1 });
    expect(told(await ask())).toBe('passes');
    expect(told(await ask({ api: 'other' }))).toBe('passes');
    expect(told(await ask())).toBe('refused for 100');
  });

  it('tells a 429 when to come back, and an allow what is left where the policy says so', () => {
    const entry = spikeControl.reasons?.spike_refused;
    const windows = [{ limit: TWO, remaining: 0, resetMs: 1500 }];
    const headers = Object.fromEntries(entry?.headers?.({ reason: 'spike_refused', detail: '', windows }) ?? []);
    expect(entry?.httpStatus).toBe(429);
    expect(headers).toMatchObject({
      'retry-after': '2',
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '1500',
    });
    expect(policyOf(TWO).ask()).toEqual({});
    expect(policyOf({ ...TWO, exposeHeaders: true }).ask()).toEqual({
      windows: [{ limit: { name: 'spike', ...TWO }, remaining: 1, resetMs: 100 }],
    });
  });

  it('takes no place for an operator’s question', async () => {
    const { ask } = policyOf({ ...TWO, maximumRequests: 1 });
    for (let i = 0; i < 3; i++) expect(told(await ask({ isRehearsal: true }))).toBe('passes');
    await ask();
    expect(told(await ask({ isRehearsal: true }))).toBe('refused for 100');
  });
});

describe('a request that may wait', () => {
  const waiting = { ...TWO, delayTimeInMillis: 60, delayAttempts: 2, queuingLimit: 3 };

  it('passes when there is a place, in the order in which it came', async () => {
    const { on, ask } = policyOf(waiting);
    await ask();
    await on.pass(30);
    await ask();
    const order: string[] = [];
    for (const name of ['first', 'second'])
      void Promise.resolve(ask()).then((found) => order.push(`${name} ${told(found)}`));
    await on.pass(69);
    expect(order).toEqual([]);
    await on.pass(1);
    expect(order).toEqual(['first passes']);
    await on.pass(30);
    expect(order).toEqual(['first passes', 'second passes']);
    expect(on.timersSet()).toBe(0);
  });

  it('is refused at once where no place would be free in its time, or in Envoy’s', async () => {
    const { on, ask } = policyOf(waiting);
    await ask();
    await ask();
    // 100 ms until the next place: within 120, but not within a deadline of 105 less the time for the rest.
    expect(told(await ask({ deadline: on.clock.monotonic() + 105 }))).toBe('refused for 100');
    const late = ask({ deadline: on.clock.monotonic() + 110 });
    expect(late).toBeInstanceOf(Promise);
    void ask();
    // The third in the queue would wait for a second round.
    expect(told(await ask())).toBe('refused for 200');
    await on.pass(100);
    expect(told(await late)).toBe('passes');
  });

  it('is refused at once where the queue is full', async () => {
    const { ask, on } = policyOf({ ...waiting, maximumRequests: 10 });
    for (let i = 0; i < 10; i++) await ask();
    const all = [1, 2, 3].map(() => ask());
    expect(told(await ask())).toBe('refused for 100');
    await on.pass(100);
    for (const one of all) expect(told(await one)).toBe('passes');
  });

  it('leaves the queue with its caller, and the next takes its turn', async () => {
    const { on, ask } = policyOf({ ...waiting, maximumRequests: 1 });
    await ask();
    const callers = [new AbortController(), new AbortController()];
    const [first, second] = callers.map(({ signal }) =>
      ask({ caller: { signal }, deadline: on.clock.monotonic() + 500 }),
    );
    // The second has no place in its time: one a period.
    expect([first instanceof Promise, second]).toMatchObject([true, { reason: 'spike_refused' }]);
    callers[0]?.abort();
    expect(told((await first) ?? {})).toMatch(/^refused/);
    expect(on.timersSet()).toBe(0);
    const next = ask();
    await on.pass(100);
    expect(told(await next)).toBe('passes');
    expect(told(await ask({ deadline: on.clock.monotonic() }))).toBe('refused for 100');
  });

  it('is answered where the policy is closed', async () => {
    const { on, ask, policy } = policyOf(waiting);
    await ask();
    await ask();
    const last = ask();
    policy.close?.();
    expect(told(await last)).toMatch(/^refused/);
    expect(on.timersSet()).toBe(0);
  });

  it('is refused where its timer is too late for it', async () => {
    const on = stage();
    const late = {
      ...on,
      timers: { after: (ms: number, callback: () => void) => on.timers.after(ms + 500, callback) },
    };
    const { ask } = policyOf(waiting, late);
    await ask();
    await ask();
    const waiter = ask({ deadline: on.clock.monotonic() + 300 });
    await on.pass(700);
    expect(told(await waiter)).toMatch(/^refused/);
    expect(told(await ask())).toBe('passes');
  });
});
