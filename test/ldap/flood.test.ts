import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemTimers } from '../../src/clock.ts';
import { egressConnect } from '../../src/egress/connect.ts';
import { systemResolve } from '../../src/egress/lookup.ts';
import { egressRules } from '../../src/egress/rules.ts';
import kind from '../../src/policies/ldap-authentication.ts';
import type { AccessPolicy } from '../../src/policy/policy.ts';
import { policyEnvironment } from '../policies/environment.ts';
import { checkOf, requestOf } from '../policy/fixtures.ts';
import { partOrSkip } from '../real/parts.ts';
import { SERVICE, startSlapd } from '../real/slapd.ts';
import type { RealSlapd } from '../real/slapd.ts';
import { PEOPLE } from './people.ts';

const parts = [await partOrSkip('slapd'), await partOrSkip('openssl')];

/** One connection searches, and the others bind. */
const MOST_CONNECTIONS = 32 + 1;

describe.skipIf(parts.includes(undefined))('a flood of passwords for a real directory', () => {
  let slapd: RealSlapd;
  beforeAll(async () => {
    slapd = await startSlapd(PEOPLE);
  });
  afterAll(() => slapd?.stop());

  function open() {
    const connections = { open: 0, most: 0 };
    const connect = egressConnect({
      rules: egressRules(['127.0.0.1']),
      resolve: systemResolve(),
      timers: systemTimers,
    });
    const counted = async (target: Parameters<typeof connect>[0]): Promise<Socket> => {
      connections.open += 1;
      connections.most = Math.max(connections.most, connections.open);
      const socket = await connect(target);
      socket.once('close', () => (connections.open -= 1));
      return socket;
    };
    const { egress, ...rest } = policyEnvironment();
    const config = kind.options.parse({
      ldapServerURL: `ldap://127.0.0.1:${slapd.port}`,
      allowInsecureLdap: true,
      ldapServerUserDn: SERVICE.dn,
      ldapServerUserPassword: SERVICE.password,
      ldapSearchBase: 'ou=people,dc=example,dc=com',
    });
    const files = { content: () => undefined as never };
    const policy = kind.create(config, { ...rest, egress: { ...egress, connect: counted }, files }) as AccessPolicy;
    onTestFinished(() => policy.close?.());
    const decide = (name: string, password: string) =>
      policy.decide(requestOf(checkOf({ headers: { authorization: `Basic ${btoa(`${name}:${password}`)}` } })));
    return { connections, decide };
  }

  test('of one, ten thousand times, is one bind', async () => {
    const { decide } = open();
    const before = bindsOf('bob');
    const first = Array.from({ length: 5000 }, async () => decide('bob', 'guess'));
    for (const outcome of await Promise.allSettled(first.map((one) => Promise.resolve(one)))) {
      // Those for whom there is no room are denied, and ask nobody.
      expect(outcome.status === 'fulfilled' ? outcome.value : outcome.reason).toMatchObject({
        reason: expect.stringMatching(/^(user_rejected|directory_unavailable)$/),
      });
    }
    for (let i = 0; i < 5000; i++) expect(decide('bob', 'guess')).toMatchObject({ reason: 'user_rejected' });
    await expect.poll(() => bindsOf('bob') - before).toBe(1);
  });

  test('of thousands, is some connections, and those who are known wait for nothing', async () => {
    const { decide, connections } = open();
    expect(await decide('alice', 'alice-password')).toMatchObject({ identity: { claims: { sub: 'alice' } } });
    const flood = Array.from({ length: 3000 }, async (_, at) => decide('alice', `guess-${at}`));
    // At once, not when the others are done.
    expect(decide('alice', 'alice-password')).toMatchObject({ identity: { claims: { sub: 'alice' } } });
    const outcomes = await Promise.allSettled(flood.map((one) => Promise.resolve(one)));
    const reasons = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.reason : 'failed'));
    expect(new Set(reasons)).toEqual(new Set(['user_rejected', 'directory_unavailable']));
    expect(connections.most).toBeLessThanOrEqual(MOST_CONNECTIONS);
  });

  const bindsOf = (uid: string): number =>
    slapd.log().match(new RegExp(`BIND dn="uid=${uid},[^"]*" method`, 'g'))?.length ?? 0;
});
