import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { openPasswordChecks } from '../../src/password/open.ts';
import type { PasswordQuestion } from '../../src/password/password-checks.ts';
import { hashNewPassword } from '../../src/people/new-password.ts';
import { logInByPassword } from '../../src/people/password-login.ts';
import type { Stores } from './fixture.ts';

const PASSWORD = 'correct horse battery';

async function asking(open: () => Promise<Stores>) {
  const stores = await open();
  const checks = openPasswordChecks(stores.clock);
  const compared: PasswordQuestion[] = [];
  const counted = {
    check: (...[question, limit]: Parameters<typeof checks.check>) => {
      compared.push(question);
      return checks.check(question, limit);
    },
  };
  await stores.people.addLocal('local:bob', await hashNewPassword(PASSWORD, randomBytes), [], 1);
  await stores.people.addLocal('local:gone', await hashNewPassword(PASSWORD, randomBytes), [], 1);
  await stores.people.setDisabled('local:gone', true);
  const ports = { ...stores, checks: counted, now: () => stores.clock.nowMs };
  const logIn = (name: string, password: string, address = '203.0.113.7') =>
    logInByPassword({ name, password, address, signal: undefined }, ports);
  return { ...stores, compared, logIn, close: () => checks.close() };
}

/** On a database of its own each time. */
export function comparesPasswords(open: () => Promise<Stores>): void {
  test('takes who knows the password, and tells others nothing', async () => {
    const { clock, close, compared, logIn, people } = await asking(open);
    expect(await logIn('bob', PASSWORD)).toMatchObject({ result: 'right', person: { name: 'local:bob' } });
    expect(await people.find('local:bob')).toMatchObject({ lastLoginAt: clock.nowMs });
    const parameters = compared[0]?.hash.text.split('$').slice(0, 4);
    for (const [name, password] of [
      ['bob', 'correct horse batterx'],
      ['alice', PASSWORD],
      ['gone', PASSWORD],
      ['local:bob', PASSWORD],
      ['Bob', PASSWORD],
      ['', ''],
      ['x'.repeat(100_000), PASSWORD],
      ["' OR 1=1 --", PASSWORD],
    ] as const) {
      const before = compared.length;
      expect(await logIn(name, password)).toEqual({ result: 'wrong' });
      // The same work for each: one hash of the same parameters.
      expect(compared.length).toBe(before + 1);
      expect(compared.at(-1)?.hash.text.split('$').slice(0, 4)).toEqual(parameters);
    }
    close();
  });

  test('is refused after too many, for a name that nobody has as for another', async () => {
    const { close, compared, logIn } = await asking(open);
    for (const name of ['bob', 'nobody']) {
      for (let at = 0; at < 10; at++)
        expect(await logIn(name, `wrong ${at}`, `198.51.100.${at}`)).toEqual({ result: 'wrong' });
      const before = compared.length;
      // Even the right one: whether it is is not told.
      expect(await logIn(name, PASSWORD, '198.51.100.100')).toEqual({ result: 'too_many', waitMs: 120_000 });
      expect(compared.length).toBe(before);
    }
    close();
  });
}
