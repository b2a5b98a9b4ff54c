import { afterEach, beforeEach, expect, test } from 'vitest';
import { valueAt } from '../../src/control/facts.ts';
import { NO_HASH } from '../../src/registry/chain.ts';
import type { NewPlace } from '../registry/fixture.ts';
import { api, app, contract, document, openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

/** Who may ask, what is kept of secrets, and what lists and the audit log tell, whatever the database. */
export function tellsResources(newPlace: NewPlace): void {
  let services: ControlServices;
  beforeEach(async () => {
    services = await openServices(await newPlace());
  });
  afterEach(async () => {
    await services.close();
  });
  const shop = [api('orders'), app('web'), contract('web-orders', 'web', 'orders')];
  const faultsOf = async (documents: readonly object[], more: object = {}): Promise<string[]> => {
    const { faults = [] } = (await services.apply(documents, more)) as { faults?: Record<string, string>[] };
    return faults.map(({ file, field, message }) => `${file}: ${field}: ${message}`);
  };

  const names = async (request: object): Promise<string[]> => {
    const { resources = [] } = (await services.ask('ResourceService/List', request)) as {
      resources?: { name: string }[];
    };
    return resources.map(({ name }) => name);
  };

  test('nobody reads or writes without a token', async () => {
    for (const method of ['Apply', 'Diff', 'Get', 'List', 'Delete'])
      expect(await services.ask(`ResourceService/${method}`, {}, 'other')).toMatchObject({ status: 401 });
    for (const method of ['ListChanges', 'Verify'])
      expect(await services.ask(`AuditService/${method}`, {}, 'other')).toMatchObject({ status: 401 });
  });

  test('secrets that are compared are hashed before they reach the log, and the same secret changes nothing', async () => {
    const secrets = { clientSecret: { value: 'hunter2-and-more' }, apiKeys: [{ id: 'k1', value: 'k1.s3cret-key' }] };
    await services.apply([app('web', secrets)]);
    expect(await services.apply([app('web', secrets)])).toMatchObject({ results: [{ effect: 'EFFECT_UNCHANGED' }] });
    const [resource] = await services.registry.resources([
      { kind: 'ClientApplication', namespace: 'default', name: 'web' },
    ]);
    const hash = { salt: expect.stringMatching(/^[0-9a-f]{32}$/) as string, sha256: expect.any(String) as string };
    expect(resource?.document).toMatchObject({ spec: { clientSecret: hash, apiKeys: [{ id: 'k1', ...hash }] } });
    // The old and the new one of a rotation: the old one keeps its hash.
    const old = valueAt(resource?.document, ['spec', 'clientSecret']);
    await services.apply([app('web', { clientSecrets: [{ value: 'new-secret' }, { value: 'hunter2-and-more' }] })]);
    const [rotated] = await services.registry.resources([
      { kind: 'ClientApplication', namespace: 'default', name: 'web' },
    ]);
    expect(rotated?.document).toMatchObject({ spec: { clientSecrets: [hash, old] } });
    const log = JSON.stringify(await services.registry.changesAfter(0, 100));
    for (const secret of ['hunter2', 's3cret-key', 'new-secret']) expect(log).not.toContain(secret);
  });

  test('an API with requests that no policy authenticates is told, unless it says that they are public', async () => {
    const told = async (spec: object) => {
      const { warnings = [] } = (await services.apply([api('open', spec)])) as { warnings?: Record<string, string>[] };
      return warnings.map(({ field, message }) => `${field}: ${message}`);
    };
    expect(await told({ policies: [] })).toEqual([
      'spec.policies: some requests are authenticated by nobody (all: no policy authenticates): bind a policy, or say public if this is meant',
    ]);
    expect(await told({ policies: [], public: true })).toEqual([]);
  });

  test('what only sidecars can read is taken, with a note, and other secrets are not kept in plain text', async () => {
    process.env['OSTIARY_TEST_SECRET'] = 'no';
    const policy = (name: string, config: object) =>
      api('a', { tiers: [], public: true, policies: [{ policyRef: { name }, config }] });
    const dryRun = async (documents: object[]) => {
      const { faults = [], warnings = [] } = (await services.apply(documents, { dryRun: true })) as {
        readonly [list: string]: { field: string; message: string }[];
      };
      return [faults, warnings].map((list) => list.map(({ field, message }) => `${field}: ${message}`));
    };
    expect(
      await dryRun([
        app('one', { clientSecret: { value: '$OSTIARY_TEST_SECRET' } }),
        app('two', { clientSecret: { file: 'clients/two' } }),
        app('three', { apiKeys: [{ id: 'k', value: `k.\${OSTIARY_TEST_SECRET}` }] }),
        document('Webhook', 'hook', { url: { file: 'url' }, signingSecret: { value: '$OSTIARY_TEST_SECRET' } }),
        policy('ip-allowlist', { ips: ['$OSTIARY_TEST_SECRET', '10.0.0.0/8'] }),
        api('b', {
          public: true,
          policies: [{ policyRef: { name: 'ip-blocklist' }, config: { files: ['lists/bad.txt'] } }],
        }),
      ]),
    ).toEqual([
      [],
      [
        expect.stringMatching(
          /^spec.policies\[0\].config.ips\[0\]: is the environment variable OSTIARY_TEST_SECRET of/,
        ),
        expect.stringMatching(/^spec.policies\[0\].config.files\[0\]: lists\/bad.txt is read by each sidecar, in the/),
        expect.stringMatching(/^spec.clientSecret: is the environment variable OSTIARY_TEST_SECRET of each/),
        expect.stringMatching(/^spec.apiKeys\[0\]: is the environment variable OSTIARY_TEST_SECRET of each/),
        expect.stringMatching(/^spec.clientSecret: clients\/two is read by each sidecar, in the folder that/),
        expect.stringMatching(/^spec.signingSecret: is the environment variable OSTIARY_TEST_SECRET of each/),
        expect.stringMatching(/^spec.url: url is read by each/),
      ],
    ]);
    for (const file of ['/etc/passwd', '../secret', 'a/../../b', 'C:\\x', '']) {
      const [faults] = await dryRun([app('two', { clientSecret: { file } })]);
      expect(faults).toEqual([
        expect.stringMatching(/^spec.clientSecret.*(below the folder of --secrets-dir|expected)/),
      ]);
    }
    // What does not depend on the value is a fault all the same.
    expect((await dryRun([policy('ip-allowlist', { ips: ['$OSTIARY_TEST_SECRET', 'x'] })]))[0]).toEqual([
      expect.stringMatching(/^spec.policies\[0\].config.ips\[1\]: is neither an address nor a network/),
    ]);
    expect(await faultsOf([policy('http-basic-authentication', { username: 'a', password: 'b' })])).toEqual([
      expect.stringMatching(/^document 1: spec.policies\[0\].config.password: would be kept in plain text/) as string,
    ]);
    // A dollar that stands for itself.
    expect(await services.apply([app('four', { clientSecret: { value: '$$NAME' } })])).toMatchObject({ revision: '1' });
    delete process.env['OSTIARY_TEST_SECRET'];
    expect(await services.apply([app('five', { clientSecret: { value: 'sample-secret-of-gold' } })])).toMatchObject({
      warnings: [{ document: 0, field: 'spec.clientSecret', severity: 'warning' }],
    });
  });

  test('lists are filtered, searched and paged, and tell the fields that were asked for', async () => {
    await services.apply([
      api('orders', { basePath: '/v1' }, { labels: { team: 'shop' }, displayName: 'Orders of the Shop' }),
      api('pets', {}, { namespace: 'zoo', labels: { team: 'zoo' }, description: 'All animals' }),
      app('web', { clientId: 'web-4711' }),
      app('mobile'),
      contract('web-orders', 'web', 'orders', { status: 'pending' }),
      contract('mobile-orders', 'mobile', 'orders'),
    ]);
    expect(await names({})).toEqual(['orders', 'pets', 'mobile', 'web', 'mobile-orders', 'web-orders']);
    expect(await names({ kinds: ['Contract', 'Api'] })).toEqual(['orders', 'pets', 'mobile-orders', 'web-orders']);
    expect(await names({ namespaces: ['zoo'] })).toEqual(['pets']);
    expect(await names({ labels: { team: 'shop' } })).toEqual(['orders']);
    const ofOrders = { kinds: ['Contract'], where: { 'spec.api': 'orders' } };
    expect(await names(ofOrders)).toEqual(['mobile-orders', 'web-orders']);
    expect(await names({ kinds: ['Contract'], where: { 'spec.api': 'orders', 'spec.status': 'pending' } })).toEqual([
      'web-orders',
    ]);
    const unknown = await services.ask('ResourceService/List', { kinds: ['Contract'], where: { 'spec.x': '1' } });
    const why = /^lists of Contract can't be filtered by spec.x: they know metadata.name, .*spec.api/;
    expect(unknown).toMatchObject({ status: 400, message: expect.stringMatching(why) });
    expect(await names({ search: 'ORDERS shop' })).toEqual(['orders']);
    expect(await names({ search: 'animal' })).toEqual(['pets']);
    expect(await names({ search: '4711' })).toEqual(['web']);
    expect(await names({ search: 'team=zoo' })).toEqual(['pets']);
    expect(await names({ owner: 'files' })).toEqual([]);
    const seen: unknown[] = [];
    let pageToken: unknown = '';
    do {
      const page = await services.ask('ResourceService/List', { pageSize: 4, pageToken, keysOnly: true });
      expect(page).toMatchObject({ total: 6, revision: '6' });
      seen.push(
        ...(page['resources'] as { name: string; document?: unknown }[]).map(({ name, document: of }) => [name, of]),
      );
      pageToken = page['nextPageToken'] ?? '';
    } while (pageToken !== '');
    expect(seen).toEqual(
      ['orders', 'pets', 'mobile', 'web', 'mobile-orders', 'web-orders'].map((name) => [name, undefined]),
    );
    const fields = ['metadata.displayName', 'spec.basePath', 'spec.none.at', '__proto__.x'];
    const { resources } = await services.ask('ResourceService/List', { kinds: ['Api'], fields });
    expect((resources as { document: object }[]).map(({ document: of }) => of)).toEqual([
      { metadata: { displayName: 'Orders of the Shop' }, spec: { basePath: '/v1' } },
      {},
    ]);
    expect(await services.ask('ResourceService/List', { pageToken: 'x' })).toMatchObject({ status: 400 });
  });

  test('the receipt of a write is told to whoever waits', async () => {
    expect(await services.apply(shop, { wait: '2s' })).toMatchObject({
      receipt: { revision: '3', enforced: 2, pending: ['a'], took: '0.007s' },
    });
    expect(await services.apply(shop, { wait: '61s' })).toMatchObject({ status: 400 });
    expect(await services.apply([api('orders', { basePath: 'x' })], { wait: '2s' })).not.toHaveProperty('receipt');
  });

  test('the audit log tells who changed what and why, and that nothing was changed behind its back', async () => {
    await services.apply(shop, { reason: 'opening' });
    await services.apply([app('web', { clientId: 'other' })], { reason: 'renamed' });
    const { changes } = await services.ask('AuditService/ListChanges', { name: 'web' });
    expect(changes).toMatchObject([
      {
        revision: '4',
        actor: 'admin',
        reason: 'renamed',
        effect: 'EFFECT_CHANGED',
        before: app('web'),
        after: app('web', { clientId: 'other' }),
      },
      { revision: '2', actor: 'admin', reason: 'opening', effect: 'EFFECT_CREATED', after: app('web') },
    ]);
    const first = await services.ask('AuditService/ListChanges', { pageSize: 3 });
    expect(first).toMatchObject({ changes: [{ revision: '4' }, { revision: '3' }, { revision: '2' }] });
    const { nextPageToken: pageToken } = first;
    const second = await services.ask('AuditService/ListChanges', { pageSize: 3, pageToken });
    expect(second).toMatchObject({ changes: [{ revision: '1' }] });
    expect(second).not.toHaveProperty('nextPageToken');
    const { hash, history } = await services.registry.head();
    expect(await services.ask('AuditService/Verify', {})).toEqual({ history, revision: '4', hash, eventHash: NO_HASH });
  });

  test('two services on one log see what the other has written', async () => {
    await services.apply(shop);
    expect(await names({ kinds: ['Contract'] })).toEqual(['web-orders']);
    await services.registry.write(
      [
        {
          key: { kind: 'Contract', namespace: 'default', name: 'web-orders' },
          document: undefined,
          owner: 'api',
          set: '',
        },
      ],
      { actor: 'another', reason: '' },
    );
    expect(await names({ kinds: ['Contract'] })).toEqual([]);
    expect(await services.apply([contract('again', 'web', 'orders')])).toMatchObject({ revision: '5' });
  });

  test('a writer who has seen another revision is refused with 409, and so is one of another owner', async () => {
    await services.apply(shop);
    const documents = [{ document: app('web', { clientId: 'other' }), expectedRevision: '1' }];
    for (const dryRun of [false, true]) {
      expect(await services.ask('ResourceService/Apply', { documents, dryRun })).toEqual({
        status: 409,
        code: 'aborted',
        message: 'ClientApplication default/web has revision 2, and revision 1 was expected: read it again',
      });
    }
    const key = { kind: 'Api', namespace: 'default', name: 'f' };
    const written = { key, document: api('f'), owner: 'files', set: '' } as const;
    await services.registry.write([written], { actor: 'files', reason: '' });
    expect(await services.apply([api('f', { basePath: '/v9' })])).toMatchObject({
      status: 409,
      message:
        'Api default/f belongs to the owner files: change it there, or take it over (ostiary apply --take-over --reason WHY) and delete it there',
    });
    const resources = [{ resource: { kind: 'Api', name: 'f' } }];
    expect(await services.ask('ResourceService/Delete', { resources })).toMatchObject({ status: 409 });
    const gone = [{ resource: { kind: 'Api', name: 'none' } }];
    expect(await services.ask('ResourceService/Delete', { resources: gone })).toMatchObject({ status: 404 });
  });
}
