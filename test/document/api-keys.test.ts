import { describe, expect, it } from 'vitest';
import { broughtKeys, findKey } from '../../src/contract/api-key.ts';
import { document, faultsOf, options, snapshotOf, warningsOf } from './documents.ts';

const SALT = 'salt';
const sha256 = 'ab'.repeat(32);
const hmac = 'cd'.repeat(32);
const client = (name: string, apiKeys: unknown) => document('ClientApplication', name, { clientId: name, apiKeys });
const files = (...documents: object[]) => Object.fromEntries(documents.map((content, at) => [`${at}.json`, content]));
const faults = async (...documents: object[]) =>
  (await faultsOf(files(...documents))).map((fault) => fault.replace(/:\d+:\d+: /g, ': ').replace(/:\d+:\d+$/, ''));

describe('apiKeys of a client application', () => {
  it('are read from a hash, a value, a variable and a file, with the id before the dot or without', async () => {
    const { directory } = await snapshotOf({
      'a.json': client('a', [
        { id: 'k1', value: 'one' },
        { id: 'k2', value: '$SECRET' },
        { id: 'k3', file: 'secret.txt' },
        { id: 'k4', value: 'k4.four', expires: '2030-01-01T00:00:00+01:00' },
      ]),
      'secret.txt': 'k3.three\n',
    });
    const found = (key: string, now = 0) => findKey(directory, key, undefined, now).found;
    expect(['k1.one', 'k2.from the environment', 'k3.three', 'k4.four'].map((key) => found(key))).toEqual(
      Array.from({ length: 4 }, () => 'key'),
    );
    expect(found('k4.four', Date.UTC(2029, 11, 31, 22, 59, 59))).toBe('key');
    expect(found('k4.four', Date.UTC(2029, 11, 31, 23))).toBe('expired');
  });

  it('belong to one application each', async () => {
    const keys = [{ id: 'k0', salt: SALT, sha256 }, { id: 'k1', salt: SALT, sha256 }, { hmac }];
    expect(
      await faults(
        client('a', keys),
        client('b', [{ id: 'k1', value: 'x' }]),
        client('c', [{ hmac: hmac.toUpperCase() }]),
      ),
    ).toEqual([
      '1.json: spec.apiKeys[0]: another client application has this API key: 0.json',
      '2.json: spec.apiKeys[0]: another client application has this API key: 0.json',
    ]);
  });

  it.each([
    [
      'the same id twice',
      [
        { id: 'k', value: 'a' },
        { id: 'k', value: 'b' },
      ],
      'spec.apiKeys[1]: another key of this list',
    ],
    ['a dot in an id', [{ id: 'a.b', value: 'x' }], 'spec.apiKeys[0].id: expected the id of a key'],
    ['a time that is none', [{ id: 'a', value: 'x', expires: 'tomorrow' }], 'spec.apiKeys[0].expires: expected a time'],
    ['a secret that is not there', [{ id: 'a', value: '$ABSENT' }], 'spec.apiKeys[0].value: the environment variable'],
    ['an empty secret', [{ id: 'a', value: 'a.' }], 'spec.apiKeys[0].value: the secret is empty'],
    ['a file that is not there', [{ id: 'a', file: 'none' }], 'spec.apiKeys[0].file: the file of the secret'],
  ])('refuse %s', async (_what, keys, told) => {
    expect((await faults(client('a', keys))).join('\n')).toContain(told);
  });

  it('are no part of a fault where they stand in the wrong place', async () => {
    const told = (await faults(client('a', ['a-secret-key', { 'a-secret-name': 1 }]))).join('\n');
    expect(told).toContain('spec.apiKeys');
    expect(told).not.toContain('a-secret');
  });

  it('count for the version of the documents, also where they stand in plain text', async () => {
    const version = async (keys: unknown) => (await snapshotOf({ 'a.json': client('a', keys) })).version;
    const versions = await Promise.all(
      [
        [{ id: 'k', value: 'x' }],
        [{ id: 'k', value: 'y' }],
        [{ id: 'l', value: 'y' }],
        [{ id: 'k', salt: SALT, sha256 }],
        [{ hmac }],
        [{ hmac, expires: '2030-01-01T00:00:00Z' }],
      ].map(version),
    );
    expect(new Set(versions).size).toBe(versions.length);
    expect(await version([{ id: 'k', value: 'x' }])).toBe(versions[0]);
  });

  it('of another form are warned of where the service has no key for them', async () => {
    const brought = files(client('a', [{ id: 'k', salt: SALT, sha256 }, { hmac }]));
    expect((await warningsOf(brought)).join()).toMatch(/0\.json.*spec\.apiKeys\[1\]\.hmac: .*--api-key-hmac-file/);
    const environment = { ...options.environment, broughtKeys: broughtKeys(Buffer.alloc(32)) };
    expect(await warningsOf(brought, { environment })).toEqual([]);
  });
});
