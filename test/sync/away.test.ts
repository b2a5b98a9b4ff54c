import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock, Timers } from '../../src/clock.ts';
import { startControl, TestSidecar } from './fixture.ts';
import type { TestControl } from './fixture.ts';
import { api, client, contract, doc, MemoryLog, put } from './memory-log.ts';
import { MemoryStore } from './memory-store.ts';

const HOUR_MS = 3_600_000;

/** Time that passes when it is told to, and lets everybody work at each moment at which somebody waits. */
class Time {
  readonly #waiting = new Set<{ readonly at: number; readonly callback: () => void }>();
  #passedMs = 0;
  readonly clock: Clock = { now: () => Date.UTC(2027, 0, 1) + this.#passedMs, monotonic: () => this.#passedMs };
  readonly timers: Timers = {
    after: (delayMs, callback) => {
      const waiting = { at: this.#passedMs + delayMs, callback };
      this.#waiting.add(waiting);
      return () => this.#waiting.delete(waiting);
    },
  };

  get waiting(): number {
    return this.#waiting.size;
  }

  async pass(ms: number): Promise<void> {
    const end = this.#passedMs + ms;
    for (;;) {
      for (let count = 0; count < 3; count++) await turn();
      let next: { readonly at: number; readonly callback: () => void } | undefined;
      for (const each of this.#waiting) if (each.at <= end && (next === undefined || each.at < next.at)) next = each;
      if (next === undefined) break;
      this.#waiting.delete(next);
      this.#passedMs = next.at;
      next.callback();
    }
    this.#passedMs = end;
  }
}

const CLOSING: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of CLOSING.splice(0).toReversed()) await close();
});

describe('a control plane that is away for 24 hours', () => {
  async function away(changes: number) {
    const time = new Time();
    const { clock, timers } = time;
    const [log, store] = [new MemoryLog(), new MemoryStore()];
    await put(log, api('orders'), client('web'), contract('web-orders', 'web', 'orders'));
    const begin = () => startControl(log, { store, clock, timers });
    let plane: TestControl | undefined = await begin();
    let tries = 0;
    const one = new TestSidecar(
      () => {
        tries += 1;
        return plane;
      },
      { token: await plane.token(), mostBytes: 8 * 1024 * 1024, clock, timers },
    );
    const close = async (): Promise<void> => {
      const closing = one.close();
      await time.pass(1000);
      await closing;
      await plane?.close();
    };
    CLOSING.push(close);
    await time.pass(1000);
    expect(one.names).toHaveLength(3);

    await plane.close();
    plane = undefined;
    await time.pass(10_000);
    const [waiting, before] = [time.waiting, tries];
    for (let hour = 0; hour < 24; hour += 1) {
      await time.pass(HOUR_MS);
      expect(one.names).toEqual(['Api orders', 'ClientApplication web', 'Contract web-orders']);
    }
    expect(time.waiting).toBe(waiting);
    // It asks again and again, and no more often than every 7.5 s: thousands of them come back one after the other.
    expect(tries - before).toBeGreaterThan(24 * 240);
    expect(tries - before).toBeLessThan(24 * 480 + 10);

    for (let at = 0; at < changes; at += 1000) {
      const apis = Array.from({ length: Math.min(1000, changes - at) }, (_, more) => api(`api-${at + more}`));
      await put(log, ...apis);
    }
    const revision = await put(log, doc('Contract', 'web-orders', undefined));
    plane = await begin();
    await time.pass(16_000);
    // Time stands, and the work goes on.
    await one.until(() => one.revision === revision);
    await plane.followers.presence.flush();
    expect(one.names).toHaveLength(changes + 2);
    expect(one.names).not.toContain('Contract web-orders');
    expect((await plane.store.list())[0]).toMatchObject({ enforcedRevision: revision, isConnected: true });
    return one;
  }

  it('takes nothing from a sidecar, which learns within 15 s of its return what it has missed', async () => {
    expect((await away(100)).snapshots).toBe(1);
  });

  it('sends everything where more was missed than it tells one by one', async () => {
    expect((await away(6000)).snapshots).toBe(2);
  });
});
