import { expect, test } from 'vitest';
import { Code } from '../../src/grpc/rpc.ts';
import { identifyBy } from '../../src/people/identify.ts';
import { ownOrigin } from '../../src/people/own-origin.ts';
import { makeSecret } from '../../src/people/secret.ts';
import { randomBytes } from 'node:crypto';
import type { Stores } from './fixture.ts';

const BOOTSTRAP = 'the-token-of-the-first-start';

function identifying({ sessions, tokens }: Stores, publicUrl?: string) {
  const origin = ownOrigin({ publicUrl, isTls: true, isLoopback: false });
  return identifyBy({
    isBootstrapToken: async (given) => given === BOOTSTRAP,
    tokens,
    sessions,
    confirming: undefined,
    origin,
    cookies: { isSecure: true },
  });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}`, address: '203.0.113.7' });

/** On a database of its own each time. */
export function saysWhoCalls(open: () => Promise<Stores>): void {
  test('by the bearer token: of the first start, of a team, of a person, of a session', async () => {
    const stores = await open();
    const identify = identifying(stores);
    await stores.people.addLocal('local:bob', '', ['devs'], 1);
    const address = '203.0.113.7';
    expect(await identify(bearer(BOOTSTRAP))).toEqual({
      name: 'bootstrap',
      credential: 'bootstrap',
      address,
      isBootstrap: true,
      groups: [],
    });
    const narrow = { verbs: ['read'], kinds: ['Api'], teams: [] };
    const token = { name: 'ci', limits: narrow, createdBy: 'bootstrap', ttlMs: 1000 };
    const [ofTeam, ofBob] = [
      await stores.tokens.add({ ...token, person: '', team: 'shop' }),
      await stores.tokens.add({ ...token, person: 'local:bob', team: '' }),
    ];
    if (ofTeam === 'taken' || ofBob === 'taken') throw new Error('taken');
    expect(await identify(bearer(ofTeam.secret))).toEqual({
      name: 'token:ci',
      credential: `token:${ofTeam.token.id}`,
      address,
      isBootstrap: false,
      groups: [],
      // Whatever other Teams say of token:ci.
      limits: { ...narrow, teams: ['shop'] },
    });
    expect(await identify(bearer(ofBob.secret))).toMatchObject({ name: 'local:bob', groups: ['devs'], limits: narrow });
    const { id, secret } = await stores.sessions.begin({ person: 'local:bob', kind: 'program', address: '' });
    const session = await identify(bearer(secret));
    expect(session).toEqual({
      name: 'local:bob',
      credential: `session:${id}`,
      address,
      isBootstrap: false,
      groups: ['devs'],
    });
    expect(JSON.stringify(session)).not.toContain(secret);
  });

  test('of nobody who shows nothing, or something else', async () => {
    const stores = await open();
    const identify = identifying(stores);
    for (const authorization of [
      undefined,
      '',
      BOOTSTRAP,
      `Basic ${BOOTSTRAP}`,
      'Bearer ',
      `Bearer ${BOOTSTRAP} ${BOOTSTRAP}`,
      `Bearer ${makeSecret('token', randomBytes)}`,
      `Bearer ${makeSecret('session', randomBytes)}`,
      'Bearer ost_',
      'Bearer oss_short',
    ]) {
      await expect(identify({ authorization, address: '' })).rejects.toMatchObject({ code: Code.unauthenticated });
    }
  });

  test('by a cookie to pages of ours alone, with a field that others may not send', async () => {
    const stores = await open();
    await stores.people.addLocal('local:bob', '', [], 1);
    const { secret } = await stores.sessions.begin({ person: 'local:bob', kind: 'browser', address: '' });
    const identify = identifying(stores);
    const call = (change: Record<string, string | undefined>) => {
      const fields: Record<string, string | undefined> = {
        cookie: `a=b; __Host-ostiary-session=${secret}`,
        origin: 'https://ostiary.example.com',
        host: 'ostiary.example.com',
        'x-ostiary-csrf': '1',
        ...change,
      };
      return { authorization: undefined, address: '', callerField: (name: string) => fields[name] };
    };
    expect(await identify(call({}))).toMatchObject({ name: 'local:bob' });
    for (const change of [
      { origin: undefined },
      { origin: 'null' },
      { origin: 'https://evil.example.com' },
      { origin: 'http://ostiary.example.com' },
      { origin: 'https://ostiary.example.com:8443' },
      { origin: 'https://ostiary.example.com.evil.example.com' },
      { host: undefined },
      { host: 'evil.example.com' },
      { 'x-ostiary-csrf': undefined },
      { 'x-ostiary-csrf': '' },
    ]) {
      await expect(identify(call(change))).rejects.toMatchObject({ code: Code.permissionDenied });
    }
    for (const cookie of [
      undefined,
      '',
      `ostiary-session=${secret}`,
      `__Host-ostiary-session=${secret.slice(1)}`,
      // A neighbour may have set one of the two.
      `__Host-ostiary-session=${secret}; __Host-ostiary-session=${secret}`,
    ]) {
      await expect(identify(call({ cookie }))).rejects.toMatchObject({ code: Code.unauthenticated });
    }
    // Whoever sends the field authorization means it, and a cookie beside it counts for nothing.
    await expect(identify({ ...call({}), authorization: 'Bearer x' })).rejects.toMatchObject({
      code: Code.unauthenticated,
    });
    const behindProxy = identifying(stores, 'https://ostiary.example.com');
    expect(await behindProxy(call({ host: '10.0.0.7:9195' }))).toMatchObject({ name: 'local:bob' });
    await expect(
      behindProxy(call({ host: 'evil.example.com', origin: 'https://evil.example.com' })),
    ).rejects.toMatchObject({
      code: Code.permissionDenied,
    });
  });
}
