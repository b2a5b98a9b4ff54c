import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/decision/decision.ts';
import { decide } from '../../src/decision/pipeline.ts';
import type { Denial } from '../../src/denial/denial.ts';
import { compileRules } from '../../src/policy/rules.ts';
import type { Demand } from '../../src/quota/store.ts';
import { access, apiOf, bound, checkOf, grantAll, portsOf, quota, snapshotOf } from '../policy/fixtures.ts';

const DENIAL: Denial = { reason: 'token_invalid', detail: 'expired' };
const allow = access(() => ({}));
const deny = access(() => DENIAL);
const CLIENT = { name: 'web', clientId: 'id-1', secrets: [] };

function results(decision: Decision): Record<string, string> {
  return Object.fromEntries(decision.steps.map(({ name, result }) => [name, result]));
}

async function decideBy(api: Parameters<typeof apiOf>[0], ports = portsOf(), check = checkOf()): Promise<Decision> {
  return decide(snapshotOf([apiOf(api)]), check, ports, Infinity);
}

describe('a decision', () => {
  it('is an allow when every policy allows, and is made without a promise when no policy needs one', () => {
    const api = apiOf({ name: 'a', access: [bound('p', allow)], quota: [bound('q', quota())] });
    const decision = decide(snapshotOf([api]), checkOf(), portsOf(), Infinity);
    expect(decision).not.toBeInstanceOf(Promise);
    expect(decision).toMatchObject({ api: 'a', denial: undefined, snapshotVersion: 'v1' });
  });

  it('ends at the first denial, and nothing is charged', async () => {
    const taken: Demand[][] = [];
    const decision = await decideBy(
      { name: 'a', access: [bound('p1', allow), bound('p2', deny), bound('p3', allow)], quota: [bound('q', quota())] },
      portsOf({ take: (demands) => (taken.push([...demands]), grantAll(demands, 0)) }),
    );
    expect(decision).toMatchObject({ denial: DENIAL, policy: 'p2' });
    expect(results(decision)).toEqual({ p1: 'allow', p2: 'deny', p3: 'not_reached', q: 'not_reached' });
    expect(taken).toEqual([]);
  });

  it('goes on after a policy that answers later', async () => {
    const later = access(async () => ({ identity: { client: CLIENT } }));
    const seen = access((request) => (request.identity.client === CLIENT ? {} : DENIAL));
    expect((await decideBy({ name: 'a', access: [bound('p1', later), bound('p2', seen)] })).denial).toBeUndefined();
  });

  it('leaves out a policy none of whose rules matches', async () => {
    const rules = compileRules([{ path: '/v2' }]);
    const decision = await decideBy(
      { name: 'a', access: [bound('p', deny, { rules })] },
      portsOf(),
      checkOf({ path: '/v1' }),
    );
    expect(decision.denial).toBeUndefined();
    expect(results(decision)).toEqual({ p: 'not_applicable' });
  });

  it.each([
    [
      'throws',
      access(() => {
        throw new Error('boom');
      }),
    ],
    ['rejects', access(async () => Promise.reject(new Error('boom')))],
  ])('is a 503 when a policy %s, unless its failure mode allows', async (_how, policy) => {
    const failures: string[] = [];
    const ports = portsOf({ failed: (name) => failures.push(name) });
    expect((await decideBy({ name: 'a', access: [bound('p', policy)] }, ports)).denial?.reason).toBe('policy_failed');
    expect(
      (await decideBy({ name: 'a', access: [bound('p', policy, { onFailure: 'allow' })] }, ports)).denial,
    ).toBeUndefined();
    expect(failures).toEqual(['p', 'p']);
  });
});

describe('the API', () => {
  it('is the one its route names, and a name that does not exist is denied whatever --unmatched says', async () => {
    const ports = portsOf({ unmatched: 'allow' });
    const named = (name: string) => checkOf({ path: '/x', extensions: { 'ostiary.api': name } });
    expect((await decideBy({ name: 'a', basePath: '/x', hosts: ['other.example'] }, ports, named('a'))).api).toBe('a');
    expect((await decideBy({ name: 'a' }, ports, named('nope'))).denial?.reason).toBe('api_unknown');
    expect((await decideBy({ name: 'a' }, ports, named(''))).denial?.reason).toBe('api_unknown');
  });

  it('that no document describes is denied or allowed as --unmatched says', async () => {
    const check = checkOf({ path: '/elsewhere' });
    expect((await decideBy({ name: 'a', basePath: '/b' }, portsOf(), check)).denial?.reason).toBe('api_unknown');
    const allowed = await decideBy({ name: 'a', basePath: '/b' }, portsOf({ unmatched: 'allow' }), check);
    expect(allowed).toMatchObject({ api: '', denial: undefined });
    expect(allowed.remove).toContain('x-ostiary-client-id');
  });

  it('is never asked about a host that others could read otherwise', async () => {
    const ports = portsOf({ unmatched: 'allow' });
    for (const host of ['open.example.com:80.a.example.com', 'a@b']) {
      expect((await decideBy({ name: 'a' }, ports, checkOf({ host }))).denial?.reason).toBe('host_malformed');
    }
  });

  it('is never asked about a malformed path or a Check without HTTP', async () => {
    const ports = portsOf({ unmatched: 'allow' });
    expect((await decideBy({ name: 'a' }, ports, checkOf({ path: '/a%2fb' }))).denial?.reason).toBe('path_malformed');
    expect((await decideBy({ name: 'a' }, ports, checkOf({ isHttp: false }))).denial?.reason).toBe('request_not_http');
  });
});

describe('identity headers', () => {
  const setting = access(() => ({ upstream: [['x-user', 'u']], remove: ['authorization', 'x-user'] }));
  const snapshot = snapshotOf([apiOf({ name: 'a', access: [bound('p', setting)] })], { owned: ['x-user', 'X-Role'] });

  it('are removed in every spelling unless this request sets them, and none is set and removed', async () => {
    const check = checkOf({ headers: { 'x-ostiary_client-id': 'me', x_user: 'me', unrelated_one: '1' } });
    const decision = await decide(snapshot, check, portsOf(), Infinity);
    expect(decision.upstream).toEqual([['x-user', 'u']]);
    expect(decision.remove).toEqual(
      expect.arrayContaining([
        'x_user',
        'x-role',
        'x_role',
        'x-ostiary-client-id',
        'x-ostiary_client-id',
        'authorization',
      ]),
    );
    expect(decision.remove).not.toContain('x-user');
    expect(decision.remove).not.toContain('unrelated_one');
  });

  it('are removed on a denial too, and where the API has no policy', async () => {
    const decision = await decide(snapshot, checkOf({ path: '/a%00' }), portsOf(), Infinity);
    expect(decision.remove).toContain('x-user');
  });
});

describe('a shadow policy', () => {
  it('changes neither the answer nor what others see', async () => {
    const shadow = access(() => ({
      identity: { client: CLIENT },
      upstream: [['x-user', 'shadow']],
      remove: ['cookie'],
    }));
    const unseen = access((request) => (request.identity.client === undefined ? {} : DENIAL));
    const decision = await decideBy({
      name: 'a',
      access: [bound('s1', shadow, { mode: 'shadow' }), bound('s2', deny, { mode: 'shadow' }), bound('p', unseen)],
    });
    expect(decision).toMatchObject({ denial: undefined, upstream: [], identity: {} });
    expect(decision.remove).not.toContain('cookie');
    expect(results(decision)).toEqual({ s1: 'allow', s2: 'deny', p: 'allow' });
  });

  it('sees what an earlier shadow policy established', async () => {
    const establishing = access(() => ({ identity: { client: CLIENT } }));
    const needing = access((request) => (request.identity.client === CLIENT ? {} : DENIAL));
    const decision = await decideBy({
      name: 'a',
      access: [bound('s1', establishing, { mode: 'shadow' }), bound('s2', needing, { mode: 'shadow' })],
    });
    expect(results(decision)).toEqual({ s1: 'allow', s2: 'allow' });
  });

  it('that never answers does not keep the answer waiting', async () => {
    const never = access(() => new Promise(() => undefined));
    const decision = await decideBy({ name: 'a', access: [bound('s', never, { mode: 'shadow' })] });
    expect(decision.denial).toBeUndefined();
    expect(results(decision)).toEqual({ s: 'failed' });
  });

  it('counts on counters of its own, and only requests that the enforced policies admit', async () => {
    const taken: Demand[][] = [];
    const take: typeof grantAll = (demands) => (taken.push([...demands]), grantAll(demands, 0));
    const policies = [bound('q', quota()), bound('s', quota(), { mode: 'shadow' })];
    await decideBy({ name: 'a', quota: policies }, portsOf({ take }));
    expect(taken.map((demands) => demands.map(({ slot, key }) => [slot, key]))).toEqual([
      [['a:k', 'a:q:k']],
      [['a:shadow:k', 'a:shadow:s:k']],
    ]);
    taken.length = 0;
    await decideBy({ name: 'a', access: [bound('sd', deny, { mode: 'shadow' })], quota: policies }, portsOf({ take }));
    expect(taken).toHaveLength(1);
  });
});
