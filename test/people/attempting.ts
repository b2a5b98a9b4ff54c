import { expect, test } from 'vitest';
import type { Attempts, Taken } from '../../src/people/attempts.ts';
import { MINUTE } from './fixture.ts';
import type { Stores } from './fixture.ts';

const isRefused = (taken: readonly Taken[]): boolean => taken.some((each) => 'waitMs' in each);

async function failuresUntilRefused(
  attempts: Attempts,
  account: string,
  addressOf: (at: number) => string,
): Promise<number> {
  for (let at = 0; at < 100; at++) if (isRefused(await attempts.login(account, addressOf(at)))) return at;
  return 100;
}

/** On a database of its own each time. */
export function limitsAttempts(open: () => Promise<Stores>): void {
  test('at one account are limited, from however many addresses, whether it exists or not', async () => {
    const { attempts, clock } = await open();
    expect(await failuresUntilRefused(attempts, 'local:bob', (at) => `203.0.113.${at}`)).toBe(10);
    expect(isRefused(await attempts.login('local:alice', '203.0.113.200'))).toBe(false);
    clock.nowMs += 2 * MINUTE;
    expect(await failuresUntilRefused(attempts, 'local:bob', (at) => `198.51.100.${at}`)).toBe(1);
  });

  test('do not shut out who has logged in from there before', async () => {
    const { attempts } = await open();
    await attempts.succeeded('local:bob', '192.0.2.1', await attempts.login('local:bob', '192.0.2.1'));
    await failuresUntilRefused(attempts, 'local:bob', (at) => `203.0.113.${at}`);
    // Strangers use up what their own address has, and that of their neighbours.
    for (let at = 0; at < 40; at++) await attempts.login(`local:user-${at}`, '192.0.2.1');
    expect(isRefused(await attempts.login('local:other', '192.0.2.1'))).toBe(true);
    for (let at = 0; at < 10; at++) expect(isRefused(await attempts.login('local:bob', '192.0.2.1'))).toBe(false);
    expect(isRefused(await attempts.login('local:bob', '192.0.2.1'))).toBe(true);
  });

  test('from one address are limited over all accounts, and never for good', async () => {
    const { attempts, clock } = await open();
    let refusedAt = 0;
    while (!isRefused(await attempts.login(`local:user-${refusedAt}`, '203.0.113.7'))) refusedAt += 1;
    expect(refusedAt).toBe(30);
    expect(isRefused(await attempts.login('local:bob', '203.0.113.8'))).toBe(false);
    const [told] = await attempts.login('local:x', '203.0.113.7');
    expect(told).toEqual({ waitMs: 10_000 });
    clock.nowMs += 10_000;
    expect(isRefused(await attempts.login('local:x', '203.0.113.7'))).toBe(false);
    expect(isRefused(await attempts.login('local:x', '203.0.113.7'))).toBe(true);
  });

  test('from one network of IPv6 count together', async () => {
    const { attempts } = await open();
    let refusedAt = 0;
    while (!isRefused(await attempts.login(`local:user-${refusedAt}`, `2001:db8:1:2::${refusedAt.toString(16)}`)))
      refusedAt++;
    expect(refusedAt).toBe(30);
    expect(isRefused(await attempts.login('local:bob', '2001:db8:1:2:ffff::1'))).toBe(true);
    expect(isRefused(await attempts.login('local:bob', '2001:db8:1:3::1'))).toBe(false);
    expect(isRefused(await attempts.login('local:bob', '2001:0db8:0001:0003::2'))).toBe(false);
  });

  test('that come at once count each, and those that succeed not at all', async () => {
    const { attempts } = await open();
    const at = await Promise.all(
      Array.from({ length: 30 }, (_, number) => attempts.login('local:bob', `203.0.113.${number}`)),
    );
    expect(at.filter((taken) => !isRefused(taken))).toHaveLength(10);
    for (let round = 0; round < 40; round++) {
      const taken = await attempts.login('local:alice', '198.51.100.1');
      expect(isRefused(taken)).toBe(false);
      await attempts.succeeded('local:alice', '198.51.100.1', taken);
    }
  });

  test('are not refused for long by a clock that was wrong', async () => {
    const { attempts, clock } = await open();
    const right = clock.nowMs;
    clock.nowMs += 365 * 24 * 60 * MINUTE;
    await failuresUntilRefused(attempts, 'local:bob', (at) => `203.0.113.${at}`);
    clock.nowMs = right;
    expect(isRefused(await attempts.login('local:bob', '203.0.113.200'))).toBe(false);
  });
}
