import { expect, test } from 'vitest';
import type { NewPlace } from '../registry/fixture.ts';
import { ContractLife, moment, refusal, TIERS } from './contract-life.ts';
import { api, contract, document as anyDocument } from './fixture.ts';

const ALICE = 'user:alice@example.com';
const BOB = 'user:bob@example.com';
const CAROL = 'user:carol@example.com';
const MALLORY = 'user:mallory@example.com';

/** Contracts that are applied as documents, by people of teams, whatever the database. */
export function appliesContracts(newPlace: NewPlace): void {
  const life = new ContractLife(newPlace);
  const { move, document } = life;
  const member = (user: string, role: string) => ({ user: `${user}@example.com`, role });
  const team = (name: string, namespace: string, ...members: object[]) =>
    anyDocument('Team', name, { namespaces: [namespace], members }, { namespace: 'platform' });
  const begin = async (metadata: object = {}) => {
    const told = await life.services.apply([
      team('zoo', 'zoo', member('bob', 'owner'), member('carol', 'owner')),
      team('shop', 'shop', member('alice', 'developer')),
      team('other', 'other', member('mallory', 'admin')),
      api('pets', { tiers: TIERS }, { namespace: 'zoo', lifecycle: 'published', visibility: 'internal', ...metadata }),
    ]);
    expect(told).not.toHaveProperty('faults');
  };
  const apply = (who: string, spec: object = {}) =>
    life.services.ask(
      'ResourceService/Apply',
      {
        documents: [
          {
            document: contract(
              'shop-web-pets',
              'shop/web',
              'pets',
              { status: undefined, ...spec },
              { namespace: 'zoo' },
            ),
          },
        ],
      },
      who,
    );
  const record = async () => (await document())?.spec['record'];

  test('what a developer applies is a request, whatever status and record the document has', async () => {
    await begin();
    expect(
      await apply(ALICE, { status: 'approved', record: { decided: { what: 'approved', by: 'x', at: moment(0) } } }),
    ).toMatchObject({ results: [{ effect: 'EFFECT_CREATED' }] });
    expect(await move('GetContract', BOB)).toMatchObject({
      contract: { state: 'CONTRACT_STATE_PENDING', requested: { by: 'user:alice@example.com', at: moment(0) } },
    });
    expect(await record()).not.toHaveProperty('decided');
    await move('Approve', BOB);
    // It is applied again and again, and stays as it was decided.
    for (const spec of [{}, { status: 'pending' }])
      expect(await apply(ALICE, spec)).toMatchObject({ results: [{ effect: 'EFFECT_UNCHANGED' }] });
    expect(await move('GetContract', ALICE)).toMatchObject({ contract: { state: 'CONTRACT_STATE_APPROVED' } });
    expect(await apply(ALICE, { tier: 'platinum' })).toMatchObject({ status: 403, code: 'permission_denied' });
  });

  test('what an owner applies decides, but not for the people whose approval a tier wants', async () => {
    await begin();
    await apply(ALICE);
    await apply(BOB, { status: 'approved' });
    expect(await record()).toMatchObject({
      requested: { by: 'user:alice@example.com', approvals: [{ by: 'user:bob@example.com' }] },
      decided: { what: 'approved', by: 'user:bob@example.com' },
    });
    await move('ChangeTier', ALICE, { tier: 'platinum' });
    expect(await apply(BOB, { status: 'approved', tier: 'platinum' })).toMatchObject(
      refusal(/its tier platinum wants the approval of people .* ask for it \(ostiary contract change-tier\)/),
    );
    await apply(BOB, { status: 'revoked' });
    expect(await record()).toMatchObject({ decided: { what: 'revoked' } });
    expect(await record()).not.toHaveProperty('change');
    await apply(BOB, { status: 'pending', tier: 'platinum' });
    expect(await apply(BOB, { status: 'approved', tier: 'platinum' })).toMatchObject(refusal(/leave status out/));
    await move('Approve', BOB);
    // Another tier while it waits: nobody has approved that.
    await apply(CAROL, { status: 'pending', tier: 'silver' });
    expect(await record()).toMatchObject({ requested: { tierBy: { by: 'user:carol@example.com' } } });
    expect(await move('Approve', CAROL)).toMatchObject(refusal(/asked for it/));
    expect(await move('Approve', BOB)).toMatchObject({ contract: { state: 'CONTRACT_STATE_APPROVED' } });
  });

  test('what its tier has approved at once, a developer changes no more by a document: an end that was decided stays', async () => {
    await begin();
    await apply(ALICE, { tier: 'trial' });
    expect(await move('SetExpiry', BOB, { expires: moment(1) })).toMatchObject({ contract: { expires: moment(1) } });
    for (const spec of [{ tier: 'trial' }, { tier: 'trial', expiresAt: moment(900) }, { tier: 'trial', api: 'none' }])
      expect(await apply(ALICE, spec)).toMatchObject({ status: 403 });
    expect((await document())?.spec['expiresAt']).toBe('2027-01-02T00:00:00.000Z');
  });

  test('who has approved a contract with an end has not approved one without', async () => {
    await begin();
    await apply(ALICE, { tier: 'platinum' });
    await move('Approve', BOB, { expires: moment(1) });
    // Asked for again and again, as it is.
    const asked = { tier: 'platinum', expiresAt: '2027-01-02T00:00:00.000Z' };
    await apply(ALICE, asked);
    expect(await move('GetContract', ALICE)).toMatchObject({ contract: { missingApprovals: 1 } });
    await apply(ALICE, { tier: 'platinum' });
    expect(await move('GetContract', ALICE)).toMatchObject({ contract: { missingApprovals: 2 } });
    expect(await move('Approve', CAROL)).toMatchObject({ contract: { state: 'CONTRACT_STATE_PENDING' } });
    expect(await move('Approve', BOB)).toMatchObject({ contract: { state: 'CONTRACT_STATE_APPROVED' } });
  });

  test('a document accepts terms of use as a request does, and what takes nobody new takes no document', async () => {
    await begin({ terms: { version: '7', url: 'https://example.com/terms' } });
    expect(await apply(ALICE, { tier: 'trial' })).toMatchObject(
      refusal(/has terms of use of version 7.*spec.acceptedTerms/),
    );
    expect(await apply(ALICE, { tier: 'trial', acceptedTerms: '6' })).toMatchObject(refusal(/not of version 6/));
    expect(await apply(ALICE, { tier: 'trial', acceptedTerms: '7' })).not.toHaveProperty('status');
    expect(await move('GetContract', ALICE)).toMatchObject({
      contract: { state: 'CONTRACT_STATE_APPROVED', acceptedTerms: '7' },
    });
    // Nothing is accepted afterwards by a document that says less.
    expect(await apply(ALICE, { tier: 'trial' })).toMatchObject({ results: [{ effect: 'EFFECT_UNCHANGED' }] });
  });

  test('a developer can not tie the application of another team, neither by a request nor by a document', async () => {
    await begin();
    const none = /there is no ClientApplication/;
    expect(await life.request({}, MALLORY)).toMatchObject({ message: expect.stringMatching(none) as string });
    expect(await apply(MALLORY)).toMatchObject({ status: 403 });
    expect(await document()).toBeUndefined();
    // Nor learns of it by its name.
    const other = await life.request({ clientApplication: 'shop/none' }, MALLORY);
    expect((await life.request({}, MALLORY))['message']).toBe(other['message']);
    expect(await life.request({}, ALICE)).toMatchObject({ contract: { state: 'CONTRACT_STATE_PENDING' } });
    for (const method of ['Approve', 'Reject', 'Withdraw', 'Revoke', 'SetExpiry', 'GetContract'])
      expect(await move(method, MALLORY)).toMatchObject({ status: 404 });
    expect(await move('Approve', ALICE)).toMatchObject({ status: 403 });
    const app = { namespace: 'shop', name: 'web', reason: 'x' };
    for (const method of ['KillSecrets', 'WithdrawApplication']) {
      expect(await life.services.ask(`CredentialService/${method}`, app, MALLORY)).toMatchObject({ status: 404 });
      // An owner sees the application, and it is not theirs.
      expect(await life.services.ask(`CredentialService/${method}`, app, BOB)).toMatchObject({ status: 403 });
    }
    expect(await life.services.ask('CredentialService/WithdrawApplication', app, ALICE)).toMatchObject({
      contracts: [{ name: 'shop-web-pets' }],
    });
  });
}
