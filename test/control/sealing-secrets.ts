import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rekey } from '../../src/control/rekey.ts';
import { openedDocument, SecretVault, valuesOf } from '../../src/control/secret-vault.ts';
import { openVault } from '../../src/control/secrets-key.ts';
import { backUp } from '../../src/registry/backup.ts';
import type { Resource } from '../../src/registry/log.ts';
import type { RegistryPlace } from '../../src/registry/open.ts';
import type { NewPlace } from '../registry/fixture.ts';
import { api, app, document, openServices, vault } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

const PLAIN = ['hunter2-of-the-directory', 'whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0'];
const [PASSWORD = '', SIGNING = ''] = PLAIN;

const secret = (name: string, data: object, metadata: object = {}) => document('Secret', name, { data }, metadata);
const LDAP = secret('ldap', { password: { value: PASSWORD }, other: { value: 'something else' } });
const directory = (password: string) =>
  api('orders', {
    tiers: [],
    policies: [
      {
        policyRef: { name: 'ldap-authentication' },
        config: {
          ldapServerURL: 'ldaps://ldap.example.com',
          ldapServerUserDn: 'cn=ostiary',
          ldapServerUserPassword: password,
          ldapSearchBase: 'ou=people',
          ldapSearchFilter: '(uid={0})',
        },
      },
    ],
  });

/** What becomes of Secrets, on a database of either kind. */
export function sealsSecrets(newPlace: NewPlace): void {
  describe('Secrets', () => {
    let services: ControlServices;
    let place: RegistryPlace;
    beforeEach(async () => {
      place = await newPlace();
      services = await openServices(place);
    });
    afterEach(() => services.close());

    const faultsOf = async (answer: Promise<unknown>): Promise<readonly string[]> => {
      const { faults = [] } = (await answer) as { faults?: { file: string; field: string; message: string }[] };
      return faults.map(({ file, field, message }) => `${file}: ${field}: ${message}`);
    };
    const get = async (name: string) => {
      const { resource } = (await services.ask('ResourceService/Get', { kind: 'Secret', name })) as {
        resource: { document: object; revision: string };
      };
      return resource;
    };
    const digestsOf = (of: unknown): Record<string, { digest: string }> => Object(of).spec.data;
    const remove = (kind: string, name: string) =>
      services.ask('ResourceService/Delete', { resources: [{ resource: { kind, name } }] });

    test('are nowhere in plain text: not in the database, a backup, an answer or the audit', async () => {
      const told = [
        await services.apply([LDAP, directory('${secret:ldap/password}')]),
        await services.apply([
          secret('hook', { key: { value: SIGNING } }),
          document('Webhook', 'hook', {
            url: 'https://hooks.example.com',
            signingSecret: { value: '${secret:hook/key}' },
          }),
        ]),
        await services.apply([secret('ldap', { password: { value: `${PASSWORD}!` } })], { dryRun: true }),
        await services.ask('ResourceService/Diff', {
          documents: [{ document: secret('ldap', { password: { value: `${PASSWORD}!` } }) }],
        }),
        await get('ldap'),
        await services.ask('ResourceService/List', { kinds: ['Secret'] }),
        await services.ask('ResourceService/List', {
          kinds: ['Secret'],
          fields: ['spec.data.password.sealed', 'spec'],
        }),
        await services.ask('ResourceService/List', { search: 'hunter2' }),
        await services.apply([secret('ldap', { password: { value: PASSWORD } })]),
        await services.ask('AuditService/ListChanges', {}),
      ];
      const audit = JSON.stringify(told);
      const backup: string[] = [];
      await backUp(services.database, [], 0, async (line) => void backup.push(line));
      const log = JSON.stringify(await services.registry.changesAfter(0, 100));
      const files = place.dataDir === undefined ? [] : readdirSync(place.dataDir);
      const onDisk = files.map((file) => readFileSync(join(place.dataDir ?? '', file), 'latin1'));
      expect(onDisk.join('')).toEqual(place.dataDir === undefined ? '' : expect.stringContaining('sealed'));
      for (const text of [audit, log, ...backup, ...onDisk]) {
        for (const plain of [...PLAIN, 'something else']) {
          expect(text).not.toContain(plain);
          expect(text).not.toContain(Buffer.from(plain).toString('base64').slice(2, -4));
        }
      }
      // What is encrypted is nobody's either.
      expect(audit).not.toContain('sealed');
      expect(audit).toContain('"password":{"digest":"');
      expect(await services.registry.verify()).toMatchObject({ problems: [] });
    });

    test('that are the same change nothing, and digests tell those that differ', async () => {
      await services.apply([LDAP]);
      const before = await get('ldap');
      expect(await services.apply([LDAP])).toMatchObject({ results: [{ effect: 'EFFECT_UNCHANGED' }] });
      // As it is shown it may be applied again, with other values beside it.
      const data = { ...digestsOf(before.document), other: { value: 'new' } };
      expect(await services.apply([secret('ldap', data)])).toMatchObject({ results: [{ effect: 'EFFECT_CHANGED' }] });
      const after = await get('ldap');
      expect(digestsOf(after.document)['password']).toEqual(digestsOf(before.document)['password']);
      expect(digestsOf(after.document)['other']).not.toEqual(digestsOf(before.document)['other']);
      const wrong = secret('ldap', { password: { digest: '0123456789abcdef' } });
      expect(await faultsOf(services.apply([wrong]))).toEqual([
        expect.stringMatching(/data\.password\.digest: is not of the value that the control plane has: write value$/),
      ]);
      // Nor does a value go with its digest to another place.
      expect(
        await faultsOf(services.apply([secret('mine', { password: digestsOf(before.document)['password'] })])),
      ).toEqual([expect.stringMatching(/digest: is not of the value/)]);
    });

    test('are refused where they are written wrongly', async () => {
      const faults = (data: object) => faultsOf(services.apply([secret('s', data)]));
      expect(await faults({ a: { sealed: 'x.y', digest: '0123456789abcdef' } })).toEqual([
        expect.stringMatching(/a\.sealed: is what a control plane makes of a value: write value$/),
      ]);
      expect(await faults({ a: { opened: 'x' } })).toEqual([expect.stringMatching(/a\.opened: is what a control/)]);
      expect(await faults({ a: { file: 'x' } })).toEqual([
        expect.stringMatching(/a\.file: is for documents in folders/),
      ]);
      expect(await faults({ a: { value: '$NAME' } })).toEqual([expect.stringMatching(/a\.value: is the value itself/)]);
      expect(await faults({ a: { value: '' } })).toHaveLength(1);
      expect(await faults({ a: 'x' })).toEqual([expect.stringMatching(/spec\.data\.a: expected a mapping/)]);
      expect(await faults({ a: { value: 'x'.repeat(300_000) } })).toEqual([expect.stringMatching(/262144 bytes/)]);
      await services.close();
      services = await openServices(place, { vault: undefined });
      expect(await faults({ a: { value: 'x' } })).toEqual([
        expect.stringMatching(
          /kind: the control plane has no key to encrypt a Secret with: start it with --secrets-key/,
        ),
      ]);
    });

    test('in plain text within a policy or a webhook are refused, and told where they belong', async () => {
      expect(await faultsOf(services.apply([directory('hunter2')]))).toEqual([
        expect.stringMatching(/ldapServerUserPassword: would be kept in plain text.*\$\{secret:NAME\/KEY\}/),
      ]);
      const hook = document('Webhook', 'h', { url: 'https://a.example.com', signingSecret: { value: SIGNING } });
      expect(await faultsOf(services.apply([hook]))).toEqual([
        expect.stringMatching(/signingSecret\.value: would be kept in plain text/),
      ]);
    });

    test('stay as long as something refers to them, with each key that it refers to', async () => {
      await services.apply([LDAP, directory('${secret:ldap/password}')]);
      expect(await faultsOf(remove('Secret', 'ldap'))).toEqual([
        expect.stringMatching(/^Api default\/orders: .*ldapServerUserPassword: there is no Secret of this name$/),
      ]);
      expect(await faultsOf(services.apply([secret('ldap', { other: { value: 'x' } })]))).toEqual([
        expect.stringMatching(/^Api default\/orders: .*: the Secret ldap has no key of this name/),
      ]);
      // Of another namespace there is none.
      const elsewhere = { ...directory('${secret:ldap/password}'), metadata: { name: 'orders', namespace: 'shop' } };
      expect(await faultsOf(services.apply([elsewhere]))).toEqual([
        expect.stringMatching(/there is no Secret of this name/),
      ]);
      const platform = {
        ...directory('${secret:default/ldap/password}'),
        metadata: { name: 'p', namespace: 'platform' },
      };
      expect(await faultsOf(services.apply([platform]))).toEqual([
        expect.stringMatching(/expected \$\{secret:NAME\/KEY\}/),
      ]);
      await services.apply([app('web')]);
      expect(await remove('Api', 'orders')).toMatchObject({ results: [{ effect: 'EFFECT_DELETED' }] });
      expect(await remove('Secret', 'ldap')).toMatchObject({ results: [{ effect: 'EFFECT_DELETED' }] });
    });

    test('are checked with what is made of them', async () => {
      const hook = document('Webhook', 'hook', {
        url: 'https://a.example.com',
        signingSecret: { value: '${secret:h/key}' },
      });
      expect(await faultsOf(services.apply([secret('h', { key: { value: 'short' } }), hook]))).toEqual([
        expect.stringMatching(/^document 2: spec.signingSecret: /),
      ]);
      await services.apply([secret('h', { key: { value: SIGNING } }), hook]);
      expect(await faultsOf(services.apply([secret('h', { key: { value: 'short' } })]))).toEqual([
        expect.stringMatching(/^Webhook default\/hook: spec.signingSecret: /),
      ]);
    });

    test('can be opened with their key alone, at their own place alone', async () => {
      await services.apply([LDAP]);
      const [kept] = await services.registry.ofKind('Secret');
      const opened = (resource: Partial<Resource>, by: SecretVault | undefined = vault) =>
        Object.fromEntries(valuesOf(openedDocument({ ...(kept as Resource), ...resource }, by)));
      expect(opened({})['password']).toMatchObject({ opened: PASSWORD });
      expect(opened({ name: 'mine' })['password']).not.toHaveProperty('opened');
      expect(opened({ namespace: 'mine' })['password']).not.toHaveProperty('opened');
      const swapped = structuredClone(kept?.document) as { spec: { data: Record<string, unknown> } };
      swapped.spec.data['mine'] = swapped.spec.data['password'];
      expect(opened({ document: swapped })['mine']).not.toHaveProperty('opened');
      const other = new SecretVault([Buffer.alloc(32, 'x')], randomBytes);
      expect(opened({}, other)['password']).not.toHaveProperty('opened');
      await expect(openVault(undefined, services.registry, randomBytes)).rejects.toThrow(
        /^the Secret default\/ldap is encrypted: give --secrets-key-file FILE with the key that was used \(id [0-9a-f]{8}\)$/,
      );
    });

    test('change keys: each of several opens, the first one encrypts, and rekey encrypts all with it', async () => {
      await services.apply([LDAP, secret('b', { key: { value: 'x' } }), directory('${secret:ldap/password}')]);
      const [old, fresh] = [Buffer.alloc(32, 'k'), Buffer.alloc(32, 'n')];
      const both = new SecretVault([fresh, old], randomBytes);
      await services.close();
      services = await openServices(place, { vault: both });
      expect(await services.apply([LDAP])).toMatchObject({ results: [{ effect: 'EFFECT_UNCHANGED' }] });
      expect(await rekey(services.registry, both)).toEqual({ count: 2, changed: 2 });
      expect(await rekey(services.registry, both)).toEqual({ count: 2, changed: 0 });
      const alone = new SecretVault([fresh], randomBytes);
      for (const resource of await services.registry.ofKind('Secret')) {
        expect(valuesOf(openedDocument(resource, alone)).every(([, value]) => 'opened' in value)).toBe(true);
        expect(valuesOf(openedDocument(resource, vault)).some(([, value]) => 'opened' in value)).toBe(false);
      }
      expect(await services.registry.verify()).toMatchObject({ problems: [] });
    });
  });
}
