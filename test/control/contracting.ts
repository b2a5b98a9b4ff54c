import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NewPlace } from '../registry/fixture.ts';
import { api, app, contract, openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

const LIMITS = [{ maximumRequests: 100, timePeriodInMilliseconds: 60_000 }];
const NOW_MS = Date.UTC(2027, 0, 1);
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
    services.nowMs = NOW_MS;
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
        requested: { by: 'admin', at: '2027-01-01T00:00:00Z', reason: 'the new shop' },
        missingApprovals: 1,
      },
      revision: '4',
      receipt: { revision: '4', enforced: 2, pending: ['a'], took: '0.007s' },
    });
    expect(await services.ask('ResourceService/Get', { kind: 'Contract', name: 'web-orders' })).toMatchObject({
      resource: {
        owner: 'api',
        document: contract('web-orders', 'web', 'orders', {
          status: 'pending',
          record: { requested: { by: 'admin', at: '2027-01-01T00:00:00.000Z', reason: 'the new shop' } },
        }),
      },
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
    const ofPending = 'it may be approved, rejected, moved to another tier or withdrawn';
    await refused('Revoke', `is pending, so it can't be revoked: ${ofPending}`);
    await refused('Restore', `is pending, so it can't be restored: ${ofPending}`);
    expect(await move('Reject', { reason: 'no' })).toMatchObject(state('rejected'));
    const ofRejected = 'it may be approved or asked for again';
    await refused('Reject', `is rejected already: ${ofRejected}`);
    for (const [method, done, more] of [
      ['ChangeTier', 'moved to another tier', { tier: 'trial' }],
      ['Withdraw', 'withdrawn'],
      ['SetExpiry', 'given an end'],
    ] as const)
      await refused(method, `is rejected, so it can't be ${done}: ${ofRejected}`, more);
    expect(await move('Approve')).toMatchObject(state('approved'));
    const ofApproved = 'it may be revoked, moved to another tier or given an end';
    await refused('Approve', `is approved already: ${ofApproved}`);
    await refused('Withdraw', `is approved, so it can't be withdrawn: ${ofApproved}`);
    expect(await move('ChangeTier', { tier: 'trial' })).toMatchObject({ contract: { tier: 'trial' }, revision: '7' });
    expect(await move('Revoke')).toMatchObject(state('revoked'));
    await refused('Revoke', 'is revoked already: it may be restored or given an end');
    expect(await move('Restore')).toMatchObject(state('approved'));
    expect(await revision()).toBe(9);
  });

  test('a contract whose tier alone says that it is approved is treated so', async () => {
    await services.apply([contract('web-orders', 'web', 'orders', { tier: 'trial', status: undefined })]);
    expect(await move('Approve')).toMatchObject({
      code: 'failed_precondition',
      message: expect.stringMatching(/is approved/) as string,
    });
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
    expect(await move('ChangeTier', { tier: 'gold' })).toMatchObject({
      contract: { tier: 'bronze', state: 'CONTRACT_STATE_APPROVED', change: { tier: 'gold' }, missingApprovals: 1 },
      revision: '7',
    });
    expect(await move('Approve')).toMatchObject({ contract: { tier: 'gold' } });
    expect(await move('ChangeTier', { tier: 'bronze' })).toMatchObject({ status: 400, message: ofTier });

    const lifecycle = (is: string) => services.apply([api('orders', { tiers: TIERS }, { lifecycle: is })]);
    await lifecycle('deprecated');
    expect(await request({ ...mobile, dryRun: true })).toMatchObject({
      warnings: [{ field: 'spec.api', message: expect.stringMatching(/is deprecated/) as string, severity: 'warning' }],
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
      message:
        'Contract default/web-orders is between web and orders already, and is rejected: it may be approved or asked for again',
    });
    expect(await request({ clientApplication: 'mobile', name: 'web-orders' })).toMatchObject({
      message: expect.stringMatching(
        /^Contract default\/web-orders has this name already, and is rejected: give the new one another name$/,
      ) as string,
    });
    // Under its own name it is asked for again.
    const again = { reason: 'once more', tier: 'trial' };
    expect(await request({ ...again, tier: 'gold' })).toMatchObject({
      contract: { name: 'web-orders', state: 'CONTRACT_STATE_PENDING', requested: { reason: 'once more' } },
    });
    for (const name of ['', 'web-orders']) {
      expect(await request({ ...again, name })).toMatchObject({
        code: 'already_exists',
        message: expect.stringMatching(/and is pending: it/) as string,
      });
    }
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
    expect(await move('Revoke')).toMatchObject({
      status: 409,
      message: expect.stringMatching(/belongs to the owner files/) as string,
    });
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
    expect(await ask('Approve', { name: 'none' })).toMatchObject({
      status: 404,
      message: expect.stringMatching(/no Contract default\/none/) as string,
    });
    expect(await told('Approve', { name: 'x', reason: 'r'.repeat(1024 * 1024) })).toMatch(/^reason is a text of/);
    expect(await told('Approve', { name: 'x', reason: 'a\u0000' })).toMatch(/^reason is a text of/);
    expect(await told('Approve', { name: 'x', wait: '61s' })).toBe('wait is from 0s to 60s');
    expect(await services.ask('ContractService/Approve', { name: 'x' }, 'other')).toMatchObject({ status: 401 });
    expect(await revision()).toBe(3);
  });

  test('a contract lies with its API, and its client application may be of another namespace', async () => {
    await services.apply([api('pets', { tiers: TIERS }, { namespace: 'zoo' })]);
    const crossing = { clientApplication: 'default/web', api: 'zoo/pets', tier: 'trial' };
    expect(await ask('Request', { ...crossing, dryRun: true })).toMatchObject({
      contract: { namespace: 'zoo', name: 'default-web-pets', clientApplication: 'default/web', api: 'pets' },
    });
    expect(await ask('Request', { ...crossing, namespace: 'bank' })).toMatchObject({
      message: expect.stringMatching(/^api: expected a name/) as string,
    });
    // As before, the platform may make one too.
    const between = { namespace: 'platform', clientApplication: 'default/web', api: 'zoo/pets', tier: 'trial' };
    expect(await ask('Request', between)).toMatchObject({
      contract: { namespace: 'platform', name: 'web-pets', state: 'CONTRACT_STATE_APPROVED' },
    });
    expect(await ask('Request', crossing)).toMatchObject({
      status: 409,
      message: expect.stringMatching(
        /^Contract platform\/web-pets is between web and pets already, and is approved/,
      ) as string,
    });
  });
}
