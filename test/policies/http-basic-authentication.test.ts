import { afterAll, describe, expect, it } from 'vitest';
import { decide as decideOn } from '../../src/decision/pipeline.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { userFile } from '../../src/policies/http-basic-authentication-users.ts';
import type { AccessPolicy, Outcome } from '../../src/policy/policy.ts';
import { document, faultsOf, snapshotOf, warningsOf } from '../document/documents.ts';
import { checkOf, portsOf, requestOf } from '../policy/fixtures.ts';
import { policyEnvironment } from './environment.ts';

const environment = policyEnvironment();
const changed = { policyKinds, environment };
afterAll(() => environment.passwords.close());

/** Of `hunter2`, with a cost that takes no time. */
const HASH = '$2y$05$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.';
const SCRYPT = '$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$xhygCB++/lnqkJuXyqpuqIwyXp1fZuC+q3d168khIUA';
const CHALLENGE = 'Basic realm="ostiary", charset="UTF-8"';

const api = (config: object) =>
  document('Api', 'orders', { policies: [{ policyRef: { name: 'http-basic-authentication' }, config }] });

async function policyOf(config: object, files: Readonly<Record<string, string>> = {}): Promise<AccessPolicy> {
  const { apis } = await snapshotOf({ ...files, 'a.json': api(config) }, changed);
  const [bound] = apis[0]?.access ?? [];
  if (bound === undefined || !('policy' in bound)) throw new Error('there is no policy');
  return bound.policy;
}

const authorization = (value: string) => requestOf(checkOf({ headers: { authorization: value } }));
const basic = (text: string | Uint8Array) => authorization(`Basic ${Buffer.from(text).toString('base64')}`);
const ONE = { username: 'chris', password: 'admin' };
const MANY = {
  users: [
    { username: 'ann', passwordHash: `$${HASH}` },
    { username: 'bob', passwordHash: `$${SCRYPT}` },
  ],
};
const rejected = (cause: string) => ({ reason: 'user_rejected', cause, challenge: CHALLENGE });
const granted = (user: string) => ({
  identity: { claims: { sub: user } },
  upstream: [['x-ostiary-user', user]],
  remove: ['authorization'],
});

describe('http-basic-authentication of one user', () => {
  it('admits that user and tells the upstream', async () => {
    const policy = await policyOf(ONE);
    expect(policy.decide(basic('chris:admin'))).toEqual(granted('chris'));
    expect(policy.decide(authorization(`bAsIc ${btoa('chris:admin')}`))).toEqual(granted('chris'));
    expect(policy.decide(basic('chris:wrong'))).toMatchObject(rejected('password_wrong'));
    expect(policy.decide(basic('other:admin'))).toMatchObject(rejected('user_unknown'));
  });

  it('takes everything behind the first colon for the password, and UTF-8 in both', async () => {
    const policy = await policyOf({ username: 'zoë', password: ':a:ä:' });
    expect(policy.decide(basic('zoë::a:ä:'))).toEqual(granted('zoë'));
  });
});

describe('http-basic-authentication of many users', () => {
  it('admits users with the password of their hash, of the options and of files alike', async () => {
    const policy = await policyOf(
      { ...MANY, files: ['users.htpasswd'] },
      { 'users.htpasswd': `# team\n\ncarl:${HASH}\r\n` },
    );
    for (const user of ['ann', 'bob', 'carl']) {
      expect(await policy.decide(basic(`${user}:hunter2`))).toEqual(granted(user));
      expect(await policy.decide(basic(`${user}:hunter3`))).toMatchObject(rejected('password_wrong'));
    }
    for (const user of ['dan', 'Ann', 'ann ', '', '__proto__', 'constructor']) {
      expect(await policy.decide(basic(`${user}:hunter2`))).toMatchObject({ reason: 'user_rejected' });
    }
  });

  it('answers at once what it has answered before', async () => {
    const policy = await policyOf(MANY);
    expect(await policy.decide(basic('ann:hunter2'))).toEqual(granted('ann'));
    expect(policy.decide(basic('ann:hunter2'))).toEqual(granted('ann'));
    const again = await policyOf(MANY);
    expect(again.decide(basic('ann:hunter2'))).toEqual(granted('ann'));
  });

  it('hashes for users who are none too, and never admits them', async () => {
    const policy = await policyOf(MANY);
    const answer = policy.decide(basic('nobody:hunter2'));
    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toMatchObject(rejected('user_unknown'));
    const nobody = (await policyOf({ users: [] })).decide(basic('ann:hunter2'));
    expect(nobody).toBeInstanceOf(Promise);
    expect(await nobody).toMatchObject(rejected('user_unknown'));
  });

  it('refuses a password that bcrypt would cut', async () => {
    const hash = '$$2y$05$abcdefghijklmnopqrstuujf8SX2ahXLwp9w/B.Y5XdysS6yR576q';
    const policy = await policyOf({ users: [{ username: 'ann', passwordHash: hash }] });
    expect(await policy.decide(basic(`ann:${'x'.repeat(72)}`))).toEqual(granted('ann'));
    for (const user of ['ann', 'nobody']) {
      expect(await policy.decide(basic(`${user}:${'x'.repeat(73)}`))).toMatchObject({
        cause: 'password_wrong',
        detail: 'the password has more than the 72 bytes that bcrypt counts',
      });
    }
  });

  it('refuses users who are there twice', async () => {
    const faults = await faultsOf(
      { 'users.htpasswd': `ann:${HASH}\n`, 'a.json': api({ ...MANY, files: ['users.htpasswd'] }) },
      changed,
    );
    expect(faults).toEqual([expect.stringContaining('two passwords of the user "ann": remove one of them')]);
  });
});

describe('http-basic-authentication', () => {
  it.each([
    ['nothing', undefined, 'credentials_missing'],
    ['a token', 'Bearer abc', 'credentials_missing'],
    ['the scheme alone', 'Basic', 'credentials_malformed'],
    ['what is no base64', 'Basic a', 'credentials_malformed'],
    ['base64url', `Basic ${Buffer.from('chris:~~~').toString('base64url')}`, 'credentials_malformed'],
    ['no colon', `Basic ${btoa('chris')}`, 'credentials_malformed'],
    ['two of them', `Basic ${btoa('chris:admin')},Basic ${btoa('chris:admin')}`, 'credentials_malformed'],
    ['another scheme first', `Bearer x, Basic ${btoa('chris:admin')}`, 'credentials_malformed'],
    ['what is no UTF-8', `Basic ${Buffer.from('chris:adm\xef', 'latin1').toString('base64')}`, 'credentials_malformed'],
    ['a NUL byte', `Basic ${btoa('chris:admin\0')}`, 'credentials_malformed'],
    ['a line end in the name', `Basic ${btoa('chris\r\nx-admin: 1:admin')}`, 'credentials_malformed'],
    ['an empty password', `Basic ${btoa('chris:')}`, 'credentials_malformed'],
    ['a very long password', `Basic ${btoa(`chris:${'x'.repeat(5000)}`)}`, 'credentials_malformed'],
  ])('denies %s', async (_what, value, cause) => {
    const policy = await policyOf(ONE);
    const request = requestOf(checkOf(value === undefined ? {} : { headers: { authorization: value } }));
    const outcome = policy.decide(request) as Outcome;
    expect(outcome).toMatchObject(rejected(cause));
    expect(policy.authenticates?.isPresent(request)).toBe(cause !== 'credentials_missing');
  });

  it('shows the credentials to the upstream only where it should, and its header by the name it should', async () => {
    const policy = await policyOf({
      ...ONE,
      forwardCredentials: true,
      realm: 'shop',
      upstreamHeaders: { user: 'X-User' },
    });
    expect(policy.decide(basic('chris:admin'))).toMatchObject({ upstream: [['x-user', 'chris']], remove: [] });
    expect(policy.identityHeaders).toEqual(['x-user']);
    expect(policy.decide(basic('chris:x'))).toMatchObject({ challenge: 'Basic realm="shop", charset="UTF-8"' });
  });

  it('is the principal of later policies', async () => {
    const spec = {
      policies: [
        { policyRef: { name: 'http-basic-authentication-flex' }, config: ONE },
        {
          policyRef: { name: 'rate-limiting' },
          config: {
            rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }],
            keySelector: '#[vars.claimSet.sub]',
          },
        },
      ],
    };
    const snapshot = await snapshotOf({ 'a.json': document('Api', 'orders', spec) }, changed);
    const check = checkOf({ headers: { authorization: `Basic ${btoa('chris:admin')}` } });
    const decision = await decideOn(snapshot, check, portsOf(), Infinity);
    expect(decision.denial).toBeUndefined();
    expect(decision.identity.claims).toEqual({ sub: 'chris' });
  });

  it.each([
    [{}, 'username: is missing: name one user with password, or many by users or files'],
    [{ username: 'chris' }, 'password: is missing beside username'],
    [{ password: 'admin' }, 'username: is missing beside password'],
    [{ ...ONE, users: [] }, "username: can't stand beside users"],
    [{ username: 'a:b', password: 'x' }, 'username: has a colon'],
    [{ username: ' a', password: 'x' }, 'username: has a control character, or white space at its start or end'],
    [{ users: [{ username: 'ann', passwordHash: 'hunter2' }] }, 'users[0].passwordHash: is not a hash of bcrypt'],
    [
      { users: [{ username: 'ann', passwordHash: HASH }] },
      'users[0].passwordHash: begins with "$" and is not a variable',
    ],
    [{ ...ONE, realm: 'a"b' }, 'realm: a realm is printable ASCII'],
    [
      { ...ONE, upstreamHeaders: { user: 'authorization' } },
      'upstreamHeaders.user: authorization is a header that Envoy',
    ],
  ])('refuses %j', async (config, message) => {
    const faults = await faultsOf({ 'a.json': api(config) }, changed);
    expect(faults.map((fault) => fault.replace(/^a\.json:\d+:\d+: spec\.policies\[0\]\.config\./, ''))).toEqual(
      expect.arrayContaining([expect.stringContaining(message)]),
    );
    expect(faults.join()).not.toMatch(/hunter2|admin/);
  });

  it('has a password of the environment, and no version that it could be tried by', async () => {
    const versions = await Promise.all(
      ['a', 'b', 'a'].map(async (password) => {
        const files = { 'a.json': api({ username: 'chris', password: '$PASSWORD' }) };
        return (await snapshotOf(files, { ...changed, env: { PASSWORD: password } })).version;
      }),
    );
    expect(versions[0]).toBe(versions[2]);
    expect(versions[0]).not.toBe(versions[1]);
    expect(await warningsOf({ 'a.json': api(ONE) }, changed)).toEqual([]);
  });
});

describe('a file of users', () => {
  const parse = (text: string) => userFile.parse(Buffer.from(text), () => undefined);

  it('tells each line that can not be taken, why and what to do, and nothing of what stands there', async () => {
    const lines = [
      `ann:${HASH}`,
      'bob:$apr1$r31....$HqJZimcKQFAMYayBlzkrA/',
      'carl',
      `:${HASH}`,
      'dan:hunter2',
      `ann:${HASH}`,
    ];
    const parsed = await parse(lines.join('\n'));
    expect(parsed).toEqual({
      problems: [
        { line: 2, message: expect.stringContaining('the hash is MD5') },
        { line: 3, message: expect.stringContaining('has no colon') },
        { line: 4, message: 'the name is empty' },
        { line: 5, message: expect.stringContaining('the hash is not a hash') },
        { line: 6, message: expect.stringContaining('names a user of an earlier line') },
      ],
    });
    expect(JSON.stringify(parsed)).not.toMatch(/hunter2|HqJZ|carl|dan/);
  });

  it('has one line for each user, and comments', async () => {
    expect(await parse(`\ufeff# team\n\n  ann:${HASH}  \r\nbob smith:${SCRYPT}`)).toMatchObject({
      content: {
        users: new Map([
          ['ann', { algorithm: 'bcrypt' }],
          ['bob smith', { algorithm: 'scrypt' }],
        ]),
      },
    });
  });
});
