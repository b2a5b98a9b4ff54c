import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NewPlace } from '../registry/fixture.ts';
import { api, app, contract, openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

const LIMITS = [{ maximumRequests: 100, timePeriodInMilliseconds: 60_000 }];
const TIERS = [
  { name: 'gold', limits: LIMITS },
  { name: 'trial', limits: LIMITS, autoApprove: true },
  { name: 'bronze', limits: LIMITS, deprecated: true },
];

/** The life of contracts, whatever the database. */
export function keepsContracts(newPlace: NewPlace): void {
  let services: ControlServices;
  beforeEach(async () => {
    services = await openServices(await newPlace());
    await services.apply([api('orders', { tiers: TIERS }), app('web'), app('mobile')]);
  });
  afterEach(async () => {
    await services.close();
  });
  const ask = (method: string, request: object) => services.ask(`ContractService/${method}`, request);
  const request = (more: object = {}) =>
    ask('Request', { clientApplication: 'web', api: 'orders', tier: 'gold', ...more });
  const move = (method: string, more: object = {}) => ask(method, { name: 'web-orders', ...more });
  const state = (name: string) => ({ contract: { state: `CONTRACT_STATE_${name.toUpperCase()}` } });
  const revision = async (): Promise<number> => (await services.registry.head()).revision;

  test('a contract that is asked for waits, and is a document as any other', async () => {
    expect(await request({ reason: 'the new shop', wait: '2s' })).toEqual({
      contract: {
        namespace: 'default',
        name: 'web-orders',
        clientApplication: 'web',
        api: 'orders',
        tier: 'gold',
        state: 'CONTRACT_STATE_PENDING',
        revision: '4',
      },
      revision: '4',
      receipt: { revision: '4', enforced: 2, pending: ['a'], took: '0.007s' },
    });
    expect(await services.ask('ResourceService/Get', { kind: 'Contract', name: 'web-orders' })).toMatchObject({
      resource: { owner: 'api', document: contract('web-orders', 'web', 'orders', { status: 'pending' }) },
    });
    expect(await services.ask('AuditService/ListChanges', { kind: 'Contract' })).toMatchObject({
      changes: [{ revision: '4', actor: 'admin', reason: 'the new shop', effect: 'EFFECT_CREATED' }],
    });
  });

  test('a tier may approve at once, also one that a waiting contract moves to', async () => {
    expect(await request({ tier: 'trial' })).toMatchObject(state('approved'));
    expect(await request({ clientApplication: 'mobile' })).toMatchObject(state('pending'));
    expect(await ask('ChangeTier', { name: 'mobile-orders', tier: 'trial' })).toMatchObject({
      contract: { state: 'CONTRACT_STATE_APPROVED', tier: 'trial' },
    });
    // What was decided stays so, whatever the tier says later.
    await services.apply([api('orders', { tiers: TIERS.map((tier) => ({ ...tier, autoApprove: false })) })]);
    expect(await ask('Revoke', { name: 'mobile-orders' })).toMatchObject(state('revoked'));
  });

  test('goes its way, and every other step is refused with its state and what may be done', async () => {
    await request();
    const refused = async (method: string, message: string, more: object = {}): Promise<void> => {
      expect(await move(method, more)).toEqual({
        status: 400,
        code: 'failed_precondition',
        message: `Contract default/web-orders ${message}`,
      });
    };
    const ofPending = 'it may be approved, rejected or moved to another tier';
    await refused('Revoke', `is pending, so it can't be revoked: ${ofPending}`);
    await refused('Restore', `is pending, so it can't be restored: ${ofPending}`);
    expect(await move('Reject', { reason: 'no' })).toMatchObject(state('rejected'));
    await refused('Reject', 'is rejected already: it may be approved');
    await refused('ChangeTier', "is rejected, so it can't be moved to another tier: it may be approved", {
      tier: 'trial',
    });
    expect(await move('Approve')).toMatchObject(state('approved'));
    await refused('Approve', 'is approved already: it may be revoked or moved to another tier');
    expect(await move('ChangeTier', { tier: 'trial' })).toMatchObject({ contract: { tier: 'trial' }, revision: '7' });
    expect(await move('Revoke')).toMatchObject(state('revoked'));
    await refused('Revoke', 'is revoked already: it may be restored');
    expect(await move('Restore')).toMatchObject(state('approved'));
    expect(await revision()).toBe(9);
  });

  test('a contract whose tier alone says that it is approved is treated so', async () => {
    await services.apply([contract('web-orders', 'web', 'orders', { tier: 'trial', status: undefined })]);
    expect(await move('Approve')).toMatchObject({ code: 'failed_precondition', message: /is approved/ });
    expect(await move('Revoke')).toMatchObject(state('revoked'));
  });

  test('deprecated tiers and retired APIs take no new contracts, and keep those that they have', async () => {
    await services.apply([contract('web-orders', 'web', 'orders', { tier: 'bronze' })]);
    const ofTier = 'the tier bronze of Api default/orders is deprecated and takes no new contracts: it has gold, trial';
    const mobile = { clientApplication: 'mobile' };
    expect(await request({ ...mobile, tier: 'bronze' })).toMatchObject({ status: 400, message: ofTier });
    await move('Revoke');
    expect(await move('Restore')).toMatchObject(state('approved'));
    expect(await move('ChangeTier', { tier: 'bronze' })).toMatchObject({ revision: '6' });
    expect(await move('ChangeTier', { tier: 'gold' })).toMatchObject({ revision: '7' });
    expect(await move('ChangeTier', { tier: 'bronze' })).toMatchObject({ status: 400, message: ofTier });

    const lifecycle = (is: string) => services.apply([api('orders', { tiers: TIERS }, { lifecycle: is })]);
    await lifecycle('deprecated');
    expect(await request({ ...mobile, dryRun: true })).toMatchObject({
      warnings: [{ field: 'spec.api', message: /is deprecated/, severity: 'warning' }],
    });
    await lifecycle('retired');
    expect(await request(mobile)).toMatchObject({
      code: 'failed_precondition',
      message: 'Api default/orders is retired and takes no new contracts',
    });
    await move('Revoke');
    expect(await move('Restore')).toMatchObject(state('approved'));
  });

  test('of two parties there is one contract, and the second who asks is told of it', async () => {
    await request();
    await move('Reject');
    expect(await request({ name: 'again' })).toEqual({
      status: 409,
      code: 'already_exists',
      message: 'Contract default/web-orders is between web and orders already, and is rejected: it may be approved',
    });
    expect(await request({ clientApplication: 'mobile', name: 'web-orders' })).toMatchObject({
      message: /^Contract default\/web-orders has this name already, and is rejected: give the new one another name$/,
    });
  });

  test('a dry run writes nothing, and an expected revision must be the one that is there', async () => {
    expect(await request({ dryRun: true, wait: '1s' })).toEqual({
      contract: expect.objectContaining({ state: 'CONTRACT_STATE_PENDING' }) as object,
      revision: '3',
    });
    expect(await revision()).toBe(3);
    await request();
    expect(await move('Approve', { expectedRevision: '3' })).toEqual({
      status: 409,
      code: 'aborted',
      message: 'Contract default/web-orders has revision 4, and revision 3 was expected: read it again',
    });
    expect(await move('Approve', { expectedRevision: '4', dryRun: true })).toMatchObject({
      contract: { state: 'CONTRACT_STATE_APPROVED' },
      revision: '4',
    });
    expect(await move('Approve', { expectedRevision: '4' })).toMatchObject({ revision: '5' });
  });

  test('what belongs to another owner is changed there', async () => {
    const key = { kind: 'Contract', namespace: 'default', name: 'web-orders' };
    const document = contract('web-orders', 'web', 'orders');
    await services.registry.write([{ key, document, owner: 'files', set: '' }], { actor: 'files', reason: '' });
    expect(await move('Revoke')).toMatchObject({ status: 409, message: /belongs to the owner files/ });
  });

  test('what can be no contract is refused with field and remedy', async () => {
    const told = async (method: string, given: object): Promise<unknown> => (await ask(method, given))['message'];
    expect(await told('Request', { clientApplication: 'web', api: 'ordrs' })).toBe(
      'spec.api: there is no Api of this name; did you mean "orders"?',
    );
    expect(await told('Request', { clientApplication: 'web', api: 'orders', tier: 'gld' })).toMatch(
      /^spec.tier: the API orders has no tier of this name; did you mean "gold"\?/,
    );
    expect(await told('Request', { api: 'orders' })).toBe('client_application is missing');
    expect(await told('Request', { clientApplication: 'web', api: 'a\nb' })).toMatch(/^api: expected a name/);
    expect(await told('Request', { clientApplication: 'web\u0000', api: 'orders' })).toMatch(
      /^client_application: exp/,
    );
    for (const name of ['a\nb', 'a\u0000', '../x', 'a b', '\u202ex', 'x'.repeat(300)]) {
      expect(await told('Approve', { name })).toMatch(/^name: expected/);
      expect(await told('Approve', { name: 'x', namespace: name })).toMatch(/^namespace: expected/);
    }
    expect(await told('Approve', {})).toBe('name is missing');
    expect(await told('ChangeTier', { name: 'x' })).toMatch(/^tier is missing/);
    expect(await ask('Approve', { name: 'none' })).toMatchObject({ status: 404, message: /no Contract default\/none/ });
    expect(await told('Approve', { name: 'x', reason: 'r'.repeat(1024 * 1024) })).toMatch(/^reason is a text of/);
    expect(await told('Approve', { name: 'x', reason: 'a\u0000' })).toMatch(/^reason is a text of/);
    expect(await told('Approve', { name: 'x', wait: '61s' })).toBe('wait is from 0s to 60s');
    expect(await services.ask('ContractService/Approve', { name: 'x' }, 'other')).toMatchObject({ status: 401 });
    expect(await revision()).toBe(3);
  });

  test('contracts between teams are made in the namespace platform, under the names of both', async () => {
    await services.apply([api('pets', { tiers: TIERS }, { namespace: 'zoo' })]);
    const between = { namespace: 'platform', clientApplication: 'default/web', api: 'zoo/pets', tier: 'trial' };
    expect(await ask('Request', between)).toMatchObject({
      contract: { namespace: 'platform', name: 'web-pets', state: 'CONTRACT_STATE_APPROVED' },
    });
    expect(await ask('Request', { ...between, namespace: 'zoo' })).toMatchObject({ status: 400 });
  });
}
