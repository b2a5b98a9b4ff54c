import { expect, test } from 'vitest';
import { MINUTE } from './fixture.ts';
import type { Stores } from './fixture.ts';

const BOB = { person: 'local:bob', providerSession: '' };

/** On a database of its own each time. */
export function letsProgramsIn(open: () => Promise<Stores>): void {
  test('wait until a person allows it, and are told once', async () => {
    const { programs } = await open();
    const begun = await programs.begin({ client: 'laptop', address: '203.0.113.7', redirectPort: 0 });
    if (begun === undefined) throw new Error('too many');
    const { deviceCode, userCode } = begun;
    expect(userCode).toMatch(/^[BCDFGHJ-NP-TV-XZ]{4}-[BCDFGHJ-NP-TV-XZ]{4}$/);
    expect(await programs.complete(deviceCode, '')).toEqual({ state: 'pending' });
    expect(await programs.describe(userCode.toLowerCase().replace('-', ' '))).toMatchObject({
      client: 'laptop',
      address: '203.0.113.7',
    });
    expect(await programs.decide('BCDF-GHJK', BOB)).toBeUndefined();
    expect(await programs.decide(userCode, BOB)).toEqual({ redirectUrl: undefined });
    // It is decided: nobody else decides it otherwise.
    expect(await programs.decide(userCode, { ...BOB, person: 'local:eve' })).toBeUndefined();
    const told = await Promise.all([1, 2, 3].map(() => programs.complete(deviceCode, '')));
    expect(told.filter(({ state }) => state === 'allowed')).toEqual([{ state: 'allowed', by: BOB }]);
    expect(await programs.complete(deviceCode, '')).toEqual({ state: 'ended' });
  });

  test('come in no more once the sessions of who let them in have ended, however they did', async () => {
    const stores = await open();
    const { people, programs, sessions } = stores;
    const name = 'user:carol@example.com';
    const proven = { name, issuer: 'https://id.example.com', subject: 'c1', groups: undefined };
    const ends: Readonly<Record<string, () => Promise<unknown>>> = {
      'all of them': () => sessions.endAllOf(name),
      'those of the provider': () => sessions.endOfProvider({ issuer: proven.issuer, subject: 'c1' }),
      'one of the provider': () => sessions.endOfProvider({ issuer: proven.issuer, session: 's1' }),
      'by a new password': () => people.setPassword(name, '', ''),
      'by being shut out': async () => {
        await people.setDisabled(name, true);
        await people.setDisabled(name, false);
      },
      'with the name, given to somebody else': async () => {
        await people.take({ ...proven, subject: 'c2' }, 2, { isLogin: true });
        await people.take(proven, 3, { isLogin: true });
      },
      'with the person': () => people.remove(name, 1),
    };
    for (const [how, end] of Object.entries(ends)) {
      await people.take(proven, 1, { isLogin: true });
      const letIn = async (by: typeof BOB) => {
        const begun = await programs.begin({ client: '', address: '', redirectPort: 0 });
        await programs.decide(begun?.userCode ?? '', by);
        return begun?.deviceCode ?? '';
      };
      const [theirs, others] = [await letIn({ person: name, providerSession: 's1' }), await letIn(BOB)];
      await end();
      expect(await programs.complete(theirs, ''), how).toEqual({ state: 'ended' });
      expect(await programs.complete(others, ''), how).toMatchObject({ state: 'allowed' });
    }
  });

  test('hear that they are refused, and end after ten minutes', async () => {
    const { clock, programs } = await open();
    const [one, other] = [
      await programs.begin({ client: '', address: '', redirectPort: 0 }),
      await programs.begin({ client: '', address: '', redirectPort: 0 }),
    ];
    if (one === undefined || other === undefined) throw new Error('too many');
    await programs.decide(one.userCode, undefined);
    expect(await programs.complete(one.deviceCode, '')).toEqual({ state: 'denied' });
    clock.nowMs += 10 * MINUTE;
    expect(await programs.decide(other.userCode, BOB)).toBeUndefined();
    expect(await programs.complete(other.deviceCode, '')).toEqual({ state: 'ended' });
  });

  test('that listen on loopback need what the browser brings there: a link that somebody else follows brings them nothing', async () => {
    const { programs } = await open();
    const begun = await programs.begin({ client: '', address: '', redirectPort: 40_123 });
    if (begun === undefined) throw new Error('too many');
    const decided = await programs.decide(begun.userCode, BOB);
    expect(decided?.redirectUrl).toMatch(/^http:\/\/127\.0\.0\.1:40123\/\?code=osc_[\w-]{43}$/);
    for (const wrong of ['', 'osc_', begun.userCode]) {
      expect(await programs.complete(begun.deviceCode, wrong)).toEqual({ state: 'pending' });
    }
    const code = new URL(decided?.redirectUrl ?? '').searchParams.get('code') ?? '';
    expect(await programs.complete(begun.deviceCode, code)).toEqual({ state: 'allowed', by: BOB });
  });
}
