import { describe, expect, it } from 'vitest';
import { Repetitions } from '../../src/decision/repetitions.ts';
import { MemoryCounterStore } from '../../src/memory/memory-store.ts';
import { StoreUnavailable } from '../../src/quota/store.ts';
import type { CounterStore, Taking } from '../../src/quota/store.ts';
import type { Check } from '../../src/request/check.ts';
import { freshDemand } from './behaviour.ts';

const SEEN = { streamId: '301668583215567008', requestTime: '1.5', sourceAddress: '10.0.0.1', sourcePort: 4711 };

function check(more: Partial<Check> = {}): Check {
  const origin = { ...SEEN, ...more };
  return {
    writeOrigin(target, at, room) {
      const parts = [origin.streamId, origin.requestTime, origin.sourceAddress, origin.sourcePort];
      if (parts.includes('') || parts.includes(0)) return 0;
      const bytes = Buffer.from(parts.join('\n')).subarray(0, room);
      target.set(bytes, at);
      return bytes.length;
    },
    isHttp: true,
    method: 'GET',
    path: '/',
    host: 'h',
    ...SEEN,
    sourcePrincipal: '',
    sourceCertificate: '',
    header: (name) => (name === 'x-request-id' ? 'chosen-by-the-caller' : undefined),
    headerTail: () => undefined,
    headerEquals: () => false,
    headerNames: () => ['x-request-id'],
    headerNamesWithSigns: () => [],
    headerNamesMeant: () => [],
    protocol: 'HTTP/1.1',
    rawBody: undefined,
    hasTextBody: false,
    contextExtension: () => undefined,
    ...more,
  };
}

function charging() {
  let now = 0;
  const store = new MemoryCounterStore({ monotonic: () => now, now: () => now });
  const repetitions = new Repetitions();
  const demand = freshDemand([[100_000_000, 3_600_000]]);
  let used = 0;
  const take: CounterStore['take'] = (demands) => {
    used += 1;
    return store.take(demands);
  };
  return {
    demand,
    used: () => used,
    pass: (ms: number) => (now += ms),
    take: (asked: Check, demands = [demand], by = take) => repetitions.take(asked, demands, 1000, now, by),
    send: (asked: Check, demands = [demand]) => void repetitions.take(asked, demands, 1000, now, take),
  };
}

describe('a repeated Check', () => {
  it('is charged once and gets the same answer', () => {
    const { take, used } = charging();
    const first = take(check());
    expect(take(check())).toEqual(first);
    expect(used()).toBe(1);
  });

  it.each([[{ streamId: '2' }], [{ requestTime: '1.6' }], [{ sourceAddress: '10.0.0.2' }], [{ sourcePort: 4712 }]])(
    'is none where it has another %j',
    (other) => {
      const { send, used } = charging();
      send(check());
      send(check(other));
      expect(used()).toBe(2);
    },
  );

  it.each([[{ streamId: '' }], [{ requestTime: '' }], [{ sourceAddress: '' }], [{ sourcePort: 0 }]])(
    'is none where Envoy sent no %j',
    (lacking) => {
      const { send, used } = charging();
      send(check(lacking));
      send(check(lacking));
      expect(used()).toBe(2);
    },
  );

  it('is none where other counters are asked for', () => {
    const { send, used } = charging();
    send(check());
    send(check(), [freshDemand([[1, 1000]])]);
    expect(used()).toBe(2);
  });

  it('gets the refusal that the first one got', () => {
    const { take } = charging();
    const none = [freshDemand([[0, 1000]])];
    const first = take(check(), none);
    expect(first).toMatchObject({ granted: false });
    expect(take(check(), none)).toEqual(first);
  });

  it.each([1, 2, 4, 5, 9])('gets the windows that the first one got, of %i limits of two policies', (count) => {
    const { take, used } = charging();
    const limits = Array.from({ length: count }, (_, i): [number, number] => [100 + i, 1000 * (i + 1)]);
    const demands = [freshDemand(limits), freshDemand([[7, 500]])];
    const first = take(check(), demands);
    void take(check({ streamId: 'another' }), demands);
    expect(take(check(), demands)).toEqual(first);
    expect(used()).toBe(2);
  });

  it('is not charged where the limits were changed meanwhile, and is told nothing of windows', () => {
    const { take, used, demand } = charging();
    void take(check());
    const changed = { ...demand, limits: [...demand.limits, ...freshDemand([[1, 1000]]).limits] };
    expect(take(check(), [changed])).toEqual({ granted: true, windows: [[]] });
    expect(used()).toBe(1);
  });

  it('gets what the store said of a grant without knowing', () => {
    const { take } = charging();
    const blind: CounterStore['take'] = () => ({ granted: true, windows: [[]], byOutagePolicy: true });
    void take(check(), undefined, blind);
    expect(take(check())).toEqual({ granted: true, windows: [[]], byOutagePolicy: true });
  });

  it('waits for the answer that is under way', async () => {
    const { take } = charging();
    const { promise, resolve } = Promise.withResolvers<Taking>();
    let asked = 0;
    const slowly: CounterStore['take'] = () => {
      asked += 1;
      return promise;
    };
    const answers = [take(check(), undefined, slowly), take(check(), undefined, slowly)];
    resolve({ granted: true, windows: [] });
    expect(await Promise.all(answers.map(async (answer) => answer))).toEqual([
      { granted: true, windows: [] },
      { granted: true, windows: [] },
    ]);
    expect(asked).toBe(1);
  });

  it('asks again where the store failed', async () => {
    const { take, used } = charging();
    const failing: CounterStore['take'] = () => Promise.reject(new StoreUnavailable('away'));
    await expect(take(check(), undefined, failing)).rejects.toThrow(StoreUnavailable);
    expect(await take(check())).toMatchObject({ granted: true });
    expect(used()).toBe(1);
  });

  it('asks again where the store threw at once', () => {
    const { take, send, used } = charging();
    const failing: CounterStore['take'] = () => {
      throw new StoreUnavailable('away');
    };
    expect(() => take(check(), undefined, failing)).toThrow(StoreUnavailable);
    send(check());
    expect(used()).toBe(1);
  });

  it('is remembered for 5 seconds', () => {
    const { send, used, pass } = charging();
    send(check());
    pass(5000);
    send(check());
    expect(used()).toBe(1);
    pass(1);
    send(check());
    expect(used()).toBe(2);
  });

  it('needs bounded memory: among very many Checks it is remembered for as long as there is room', () => {
    const { send, used } = charging();
    send(check());
    for (let i = 0; i < 10_000; i++) send(check({ streamId: `a${i}` }));
    send(check());
    expect(used()).toBe(10_001);
    for (let i = 0; i < 40_000; i++) send(check({ streamId: `b${i}` }));
    send(check());
    expect(used()).toBe(50_002);
  });
});
