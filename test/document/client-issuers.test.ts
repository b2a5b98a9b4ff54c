import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { policyKinds } from '../../src/policies/index.ts';
import { signingKey } from '../jwt/issuer.ts';
import { WatchedKeySets } from '../jwt/watched-key-sets.ts';
import { document, faultsOf, options, snapshotOf, warningsOf } from './documents.ts';

const textKey = JSON.stringify((await signingKey('ES256', 'k1')).jwk);
const other = JSON.stringify((await signingKey('ES256', 'k1')).jwk);
const usual = { algorithms: ['ES256'], textKey, senderConstraint: 'refuse' };

let watched: WatchedKeySets;
beforeEach(() => {
  watched = new WatchedKeySets();
});
afterEach(() => {
  watched.sets.close();
});

const changed = () => ({
  policyKinds,
  environment: { ...options.environment, clock: watched.time, keySets: watched.sets },
});
const binding = (name: string, config: object, more: object = {}) =>
  document('PolicyBinding', name, {
    targetRef: { kind: 'Api', name: 'orders' },
    policyRef: { name: 'jwt-validation' },
    config: { ...usual, ...config },
    ...more,
  });
const files = (...bindings: object[]) => ({
  'orders.json': document('Api', 'orders', {}),
  ...Object.fromEntries(bindings.map((one, index) => [`${index}.json`, one])),
});
const isOfSeveral = async (...bindings: object[]): Promise<boolean | undefined> =>
  (await snapshotOf(files(...bindings), changed())).apis[0]?.severalIssuers;

describe('an API takes tokens of several issuers', () => {
  test.each<[boolean, string, object[]]>([
    [false, 'one policy of one issuer', [{ issuer: 'a' }]],
    [true, 'one policy of two', [{ issuer: ['a', 'b'] }]],
    [true, 'two policies of one each', [{ issuer: 'a' }, { issuer: 'b', textKey: other }]],
    [false, 'two policies of the same', [{ issuer: 'a' }, { issuer: 'a', requiredScopes: ['write'] }]],
    [false, 'two without an issuer, of the same key', [{}, { requiredScopes: ['write'] }]],
    [true, 'two without an issuer, of different keys', [{}, { textKey: other }]],
    [false, 'a policy for which clients do not count', [{ issuer: ['a', 'b'], skipClientIdValidation: true }]],
  ])('%s: %s', async (expected, _what, configs) => {
    expect(await isOfSeveral(...configs.map((config, index) => binding(`p${index}`, config)))).toBe(expected);
  });

  test('also where a pattern stands for them; not where a policy only runs in shadow', async () => {
    const listed = { algorithms: undefined, textKey: undefined };
    const one = { issuer: 'https://a.example.com/{t}', textKey, algorithms: ['ES256'] };
    expect(await isOfSeveral(binding('p', { ...listed, issuers: [one] }))).toBe(true);
    expect(await isOfSeveral(binding('p', { ...listed, issuers: [{ ...one, issuer: ['a', 'b'] }] }))).toBe(false);
    expect(await isOfSeveral(binding('p', { issuer: 'a' }), binding('q', { issuer: 'b' }, { mode: 'shadow' }))).toBe(
      false,
    );
  });

  test('where another policy takes the client from claims, whatever those that verify tokens make of it', async () => {
    const open = { skipClientIdValidation: true };
    const pair = [binding('p', { ...open, issuer: 'a' }), binding('q', { ...open, issuer: 'b', textKey: other })];
    expect(await isOfSeveral(...pair)).toBe(false);
    const claimed = document('PolicyBinding', 'c', {
      targetRef: { kind: 'Api', name: 'orders' },
      policyRef: { name: 'client-id-enforcement' },
      config: { clientIdExpression: '#[vars.claimSet.azp]', clientSecretExpression: '', forwardCredentials: true },
    });
    expect(await isOfSeveral(...pair, claimed)).toBe(true);
    expect(await isOfSeveral(binding('p', { ...open, issuer: 'a' }), claimed)).toBe(false);
  });

  test('also where callers choose among them', async () => {
    const member = (config: object) => ({ policyRef: { name: 'jwt-validation' }, config: { ...usual, ...config } });
    const group = (...configs: object[]) =>
      document('PolicyBinding', 'g', {
        targetRef: { kind: 'Api', name: 'orders' },
        authentication: { anyOf: configs.map(member) },
      });
    expect(await isOfSeveral(group({ issuer: 'a' }, { issuer: 'b', textKey: other }))).toBe(true);
    expect(await isOfSeveral(group({ issuer: 'a' }, { issuer: 'a', requiredScopes: ['write'] }))).toBe(false);
  });

  test('and its authors are told that clients name their issuer now, unless they have written issuers', async () => {
    const told = /config\.issuer: takes tokens of several issuers: .*\(`several-issuers` in docs\/upgrade\.md\)$/;
    expect(await warningsOf(files(binding('p', { issuer: ['a', 'b'] })), changed())).toEqual([
      expect.stringMatching(told),
    ]);
    const pair = [binding('p', { issuer: 'a' }), binding('q', { issuer: 'b', textKey: other })];
    expect(await warningsOf(files(...pair), changed())).toEqual([
      expect.stringMatching(/^0\.json:.*spec\.config\.issuer: takes tokens of another issuer than other policies/),
      expect.stringMatching(/^1\.json:.*spec\.config\.issuer: takes tokens of another issuer than other policies/),
    ]);
    const entry = (issuer: string, key: string) => ({ issuer, textKey: key, algorithms: ['ES256'], audience: 'x' });
    const issuers = [entry('a', textKey), entry('b', other)];
    const now = binding('p', { algorithms: undefined, textKey: undefined, issuers });
    expect(await warningsOf(files(now), changed())).toEqual([]);
  });
});

test('an issuer without audience is told', async () => {
  const issuers = [{ issuer: 'a', textKey, algorithms: ['ES256'] }];
  const now = binding('p', { algorithms: undefined, textKey: undefined, issuers });
  expect(await warningsOf(files(now), changed())).toEqual([
    expect.stringMatching(/spec\.config\.issuers\[0\]: has no audience: .*name what aud must have$/),
  ]);
});

describe('issuers of a client application', () => {
  const client = (issuers?: unknown) => document('ClientApplication', 'web', { clientId: 'web', issuers });

  test('are found with it, and its contracts follow a change of them', async () => {
    const contract = document('Contract', 'web', { clientApplication: 'web', api: 'orders', status: 'approved' });
    const all = (issuers?: unknown) => ({ ...files(), 'w.json': client(issuers), 'c.json': contract });
    const { directory, version } = await snapshotOf(all(['https://a.example.com/']));
    expect(directory.contract('web', 'orders')?.client.issuers).toEqual(new Set(['https://a.example.com/']));
    const without = await snapshotOf(all());
    expect(without.directory.client('web')).not.toHaveProperty('issuers');
    expect(without.version).not.toBe(version);
  });

  test.each([[[]], ['a'], [['']], [[1]]])('%j is a fault', async (issuers) => {
    expect(await faultsOf({ 'w.json': client(issuers) })).toEqual([expect.stringContaining('issuers')]);
  });
});
