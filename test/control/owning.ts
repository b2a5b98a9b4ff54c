import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NewPlace } from '../registry/fixture.ts';
import { api, app, contract, document, openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

type Json = Record<string, unknown>;

const SHOP = { owner: 'git', source: 'https://git.example.com/shop/policies' };

/** Whose a resource is, and what others may do with it, whatever the database. */
export function knowsOwners(newPlace: NewPlace): void {
  let services: ControlServices;
  beforeEach(async () => {
    services = await openServices(await newPlace());
  });
  afterEach(async () => {
    await services.close();
  });
  const shop = (status: object = {}, client: object = {}): object[] => [
    api('orders'),
    app('web', client),
    contract('web-orders', 'web', 'orders', { status: undefined, ...status }),
  ];
  const get = async (kind: string, name: string): Promise<Json> => {
    const { resource } = await services.ask('ResourceService/Get', { kind, name });
    return resource as Json;
  };
  const statusOf = async (): Promise<unknown> => {
    const found = (await get('Contract', 'web-orders')) as { document: { spec: Json } };
    return found.document.spec['status'];
  };
  const decide = (action: string): Promise<Json> => services.ask(`ContractService/${action}`, { name: 'web-orders' });
  const fieldsWarned = async (documents: object[], more: object = SHOP): Promise<unknown[]> => {
    const { warnings = [] } = (await services.apply(documents, more)) as { warnings?: Json[] };
    return warnings.map(({ field }) => field);
  };

  test('what is kept in Git is read-only elsewhere, and who tries is told where to change it', async () => {
    await services.apply(shop(), SHOP);
    expect(await get('Api', 'orders')).toMatchObject(SHOP);
    const conflict = {
      status: 409,
      message: `Api default/orders is kept in Git at ${SHOP.source}: change it there, or take it over (ostiary apply --take-over --reason WHY)`,
    };
    const changed = api('orders', { basePath: '/v2' });
    const deletion = { resources: [{ resource: { kind: 'Api', name: 'orders' } }] };
    for (const dryRun of [true, false]) {
      expect(await services.apply([changed], { dryRun })).toMatchObject(conflict);
      expect(await services.apply([changed], { dryRun, owner: 'console' })).toMatchObject(conflict);
      expect(await services.apply([changed], { dryRun, owner: 'kubernetes', source: 'prod' })).toMatchObject(conflict);
      // Another repository is another owner.
      const elsewhere = { ...SHOP, source: 'https://git.example.com/other' };
      expect(await services.apply([changed], { dryRun, ...elsewhere })).toMatchObject(conflict);
      expect(await services.ask('ResourceService/Delete', { ...deletion, dryRun })).toMatchObject(conflict);
    }
    expect(await services.ask('ResourceService/Diff', { documents: [{ document: changed }] })).toMatchObject(conflict);
    expect(await services.ask('ResourceService/Diff', { documents: [{ document: changed }], ...SHOP })).toMatchObject({
      differences: [{ effect: 'EFFECT_CHANGED', ...SHOP }],
    });
    expect(await services.apply([changed], SHOP)).toMatchObject({ results: [{ effect: 'EFFECT_CHANGED' }] });
    expect(await services.ask('ResourceService/List', { owner: 'git', kinds: ['Api'] })).toMatchObject({ total: 1 });
  });

  test('what was written by hand is taken into Git on purpose alone, and back, with a reason that the audit keeps', async () => {
    await services.apply(shop());
    expect(await services.apply(shop(), SHOP)).toMatchObject({
      status: 409,
      message: 'Api default/orders was written by hand: leave it out, or take it over by --take-over --reason WHY',
    });
    const takeOver = { ...SHOP, takeOver: true };
    expect(await services.apply(shop(), takeOver)).toMatchObject({
      status: 400,
      message: 'taking over needs a reason: the other owner will ask',
    });
    expect(await services.apply(shop(), { ...takeOver, reason: 'moves to Git' })).toMatchObject({
      results: [{ effect: 'EFFECT_CHANGED' }, { effect: 'EFFECT_CHANGED' }, { effect: 'EFFECT_CHANGED' }],
    });
    expect(await services.apply(shop(), SHOP)).toMatchObject({ results: [{ effect: 'EFFECT_UNCHANGED' }, {}, {}] });
    const [change] = await services.registry.changesAfter(3, 1);
    expect(change).toMatchObject({ actor: 'admin', reason: 'moves to Git', before: { owner: 'api' }, after: SHOP });
    expect(await services.apply([api('orders')], { takeOver: true, reason: 'back' })).toMatchObject({
      results: [{ effect: 'EFFECT_CHANGED' }],
    });
    expect(await get('Api', 'orders')).toMatchObject({ owner: 'api' });
    expect(await get('Api', 'orders')).not.toHaveProperty('source');
    expect((await services.registry.verify()).problems).toEqual([]);
  });

  test('an admin of the team takes over what is of it, and nobody else does', async () => {
    const members = [
      { user: 'alice', role: 'admin' },
      { user: 'bob', role: 'owner' },
    ];
    const own = { namespace: 'shop' };
    await services.apply([document('Team', 'shop', { namespaces: ['shop'], members }, { namespace: 'platform' })]);
    await services.apply([api('orders', {}, own)], SHOP);
    const take = (user: string): Promise<Json> => {
      const documents = [{ document: api('orders', { basePath: '/v2' }, own) }];
      return services.ask('ResourceService/Apply', { documents, takeOver: true, reason: 'mine' }, `user:${user}`);
    };
    expect(await take('bob')).toMatchObject({
      status: 403,
      message: 'user:bob may not take over Api shop/orders: it takes the role admin in the team that it belongs to',
    });
    expect(await take('eve')).toMatchObject({ status: 403 });
    expect(await take('alice')).toMatchObject({ results: [{ effect: 'EFFECT_CHANGED' }] });
    // What is theirs already they write as before.
    expect(await take('bob')).toMatchObject({ results: [{ effect: 'EFFECT_UNCHANGED' }] });
  });

  test('a status in Git counts as far as whoever applies it may approve, and a decision holds against it', async () => {
    const ofShop = [
      { user: 'owner', role: 'owner' },
      { user: 'ci', role: 'developer' },
    ];
    await services.apply([
      document('Team', 'shop', { namespaces: ['default'], members: ofShop }, { namespace: 'platform' }),
      api('orders', {}, { lifecycle: 'published' }),
      app('web'),
    ]);
    const documents = [{ document: contract('web-orders', 'web', 'orders', { status: 'approved' }) }];
    const ci = (): Promise<Json> => services.ask('ResourceService/Apply', { documents, ...SHOP }, 'user:ci');
    expect(await ci()).toMatchObject({ results: [{ effect: 'EFFECT_CREATED' }] });
    expect(await statusOf()).toBeUndefined();
    const asOwner = (action: string): Promise<Json> =>
      services.ask(`ContractService/${action}`, { name: 'web-orders' }, 'user:owner');
    expect(await asOwner('Approve')).toMatchObject({ contract: { state: 'CONTRACT_STATE_APPROVED' } });
    expect(await asOwner('Revoke')).toMatchObject({ contract: { state: 'CONTRACT_STATE_REVOKED' } });
    await ci();
    expect(await statusOf()).toBe('revoked');
    expect(await get('Contract', 'web-orders')).toMatchObject(SHOP);
  });

  test('an owner that is none, a source without one, and a password in it are refused', async () => {
    const told = async (more: object): Promise<unknown> => (await services.apply(shop(), more))['message'];
    expect(await told({ owner: 'files' })).toBe(
      'there is no owner "files": expected one of api, console, git, kubernetes',
    );
    expect(await told({ owner: 'git' })).toMatch(/^the owner git needs a source/);
    expect(await told({ source: 'https://a' })).toMatch(/^a source is for the owners git and kubernetes/);
    expect(await told({ owner: 'git', source: 'https://me:pw@a/b' })).toBe('source has a password in it: leave it out');
    expect(await told({ owner: 'git', source: 'a b' })).toMatch(/visible ASCII/);
    expect(await told({ owner: 'git', source: 'x'.repeat(100_000) })).toMatch(/more than 1024/);
    expect((await services.registry.head()).revision).toBe(0);
  });

  test('files keep what is theirs, unless it is taken over; nobody deletes it elsewhere', async () => {
    const key = { kind: 'Api', namespace: 'default', name: 'orders' };
    await services.registry.write([{ key, document: api('orders'), owner: 'files', set: 'orders.yaml' }], {
      actor: 'files',
      reason: '',
    });
    const message =
      'Api default/orders stands in the file orders.yaml: change it there, or take it over (ostiary apply --take-over --reason WHY) and delete it there';
    expect(await services.apply([api('orders')], SHOP)).toMatchObject({ status: 409, message });
    const deleting = { resources: [{ resource: key }], takeOver: true, reason: 'mine' };
    expect(await services.ask('ResourceService/Delete', deleting)).toMatchObject({ status: 409, message });
    await services.apply([api('orders')], { takeOver: true, reason: 'mine' });
    expect(await services.ask('ResourceService/Get', key)).toMatchObject({ resource: { owner: 'api' } });
    expect(JSON.stringify(await services.ask('ResourceService/Get', key))).not.toContain('orders.yaml');
  });

  test('pruning deletes what the same source has applied, and nothing else of the set', async () => {
    await services.apply([app('theirs')], { ...SHOP, source: 'other', set: 'shop' });
    await services.apply([app('by-hand')], { set: 'shop' });
    await services.apply([app('one'), app('two')], { ...SHOP, set: 'shop' });
    await services.apply([app('one')], { ...SHOP, set: 'shop', prune: true });
    const { resources } = (await services.ask('ResourceService/List', {})) as { resources: { name: string }[] };
    expect(resources.map(({ name }) => name)).toEqual(['by-hand', 'one', 'theirs']);
  });

  test('a contract in Git is decided here, and stays as decided until Git says something new', async () => {
    await services.apply(shop(), SHOP);
    expect(await decide('Approve')).toMatchObject({ contract: { state: 'CONTRACT_STATE_APPROVED' } });
    expect(await get('Contract', 'web-orders')).toMatchObject({ ...SHOP, decided: ['status'] });
    const { revision } = await services.registry.head();
    expect(await services.apply(shop(), SHOP)).toMatchObject({ results: [{}, {}, { effect: 'EFFECT_UNCHANGED' }] });
    // Git never said a status, so there is nothing to tell.
    expect((await services.registry.head()).revision).toBe(revision);
    expect(await statusOf()).toBe('approved');
    // Now it says what was decided.
    await services.apply(shop({ status: 'approved' }), SHOP);
    expect(await get('Contract', 'web-orders')).not.toHaveProperty('decided');
    expect(await decide('Revoke')).toMatchObject({ contract: { state: 'CONTRACT_STATE_REVOKED' } });
    // A pipeline that applies the same again brings nothing back.
    expect(await fieldsWarned(shop({ status: 'approved' }))).toContain('spec.status');
    expect(await statusOf()).toBe('revoked');
    // A document without a status contradicts nothing.
    expect(await fieldsWarned(shop())).not.toContain('spec.status');
    expect(await statusOf()).toBe('revoked');
    // That something was said before is forgotten with the statement.
    await services.apply(shop({ status: 'approved' }), SHOP);
    expect(await statusOf()).toBe('approved');
    expect(await get('Contract', 'web-orders')).not.toHaveProperty('decided');
    expect((await services.registry.verify()).problems).toEqual([]);
  });

  test('a secret that Git has is rotated and ended here, and does not come back', async () => {
    const client = { clientSecret: { value: 'a-secret-of-the-repository' } };
    await services.apply(shop({}, client), SHOP);
    const rotated = await services.ask('CredentialService/RotateSecret', { name: 'web', grace: '3600s' });
    expect(rotated).toHaveProperty('secret');
    const ended = await services.ask('CredentialService/EndSecret', { name: 'web', secret: 'SECRET_CHOICE_OLD' });
    expect(ended).not.toHaveProperty('status');
    const before = await get('ClientApplication', 'web');
    expect(await fieldsWarned(shop({}, client))).toEqual(expect.arrayContaining(['spec.clientSecret']));
    expect(await get('ClientApplication', 'web')).toEqual(before);
    // A new one counts.
    await services.apply(shop({}, { clientSecret: { value: 'another-one' } }), SHOP);
    const after = (await get('ClientApplication', 'web')) as { document: { spec: Json } };
    expect(after.document.spec).toHaveProperty('clientSecret.sha256');
    expect(after.document.spec).not.toHaveProperty('clientSecrets');
    expect(after).not.toHaveProperty('decided');
  });

  test('an application in Git without a secret gets one here, and keeps it', async () => {
    await services.apply(shop(), SHOP);
    await services.ask('CredentialService/RotateSecret', { name: 'web' });
    const before = await get('ClientApplication', 'web');
    await services.apply(shop(), SHOP);
    expect(await get('ClientApplication', 'web')).toEqual(before);
  });
}
