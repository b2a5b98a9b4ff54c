import { expect, test } from 'vitest';
import type { NewPlace } from '../registry/fixture.ts';
import {
  ALICE,
  ALICES_TOKEN,
  BOB,
  CAROL,
  ContractLife,
  DAY_MS,
  moment,
  NOW_MS,
  refusal,
  TIERS,
} from './contract-life.ts';
import { api } from './fixture.ts';

/** How contracts come to be and change, by whom, whatever the database. */
export function livesContracts(newPlace: NewPlace): void {
  const life = new ContractLife(newPlace);
  const { ask, request, move, document } = life;

  test('who asked, when and why is shown to whoever decides, and how they decided', async () => {
    await request({ reason: 'for the new shop' });
    const asked = { by: 'user:alice@example.com', at: moment(0), reason: 'for the new shop' };
    expect(await move('GetContract', BOB)).toMatchObject({
      contract: { clientApplication: 'shop/web', api: 'pets', state: 'CONTRACT_STATE_PENDING', requested: asked },
    });
    life.services.nowMs = NOW_MS + DAY_MS;
    expect(await move('Reject', BOB, { reason: 'ask for trial' })).toMatchObject({
      contract: {
        state: 'CONTRACT_STATE_REJECTED',
        requested: asked,
        decided: { what: 'rejected', by: 'user:bob@example.com', at: moment(1), comment: 'ask for trial' },
      },
    });
    expect(await request({ tier: 'trial' })).toMatchObject({
      contract: { state: 'CONTRACT_STATE_APPROVED', decided: { what: 'approved', by: 'tier' } },
    });
    expect(await ask('GetContract', { name: 'none' })).toMatchObject({ status: 404 });
  });

  test('a tier may want two people, neither of whom asked, by whatever token', async () => {
    await request({ tier: 'platinum' });
    const wants = 'its tier wants the approval of 2 people who did not ask, and';
    for (const who of [ALICE, ALICES_TOKEN, 'as user:Alice@Example.com', 'as token:other/user:alice@example.com'])
      expect(await move('Approve', who)).toMatchObject(
        refusal(new RegExp(`${wants} .* asked for it: somebody else has to$`)),
      );
    expect(await move('Approve', 'as token:nobodys')).toMatchObject(
      refusal(/token:nobodys is no person's: approve as yourself/),
    );
    expect(await move('Approve', BOB, { reason: 'fine' })).toMatchObject({
      contract: {
        state: 'CONTRACT_STATE_PENDING',
        missingApprovals: 1,
        requested: { approvals: [{ by: 'user:bob@example.com', at: moment(0), comment: 'fine' }] },
      },
    });
    for (const who of [BOB, 'as token:bobs/user:bob@example.com'])
      expect(await move('Approve', who)).toMatchObject(refusal(/has approved it already: somebody else has to/));
    expect(await move('Approve', CAROL)).toMatchObject({
      contract: {
        state: 'CONTRACT_STATE_APPROVED',
        requested: { approvals: [{ by: 'user:bob@example.com' }, { by: 'user:carol@example.com' }] },
        decided: { by: 'user:carol@example.com' },
      },
    });
    expect((await move('GetContract', BOB))['contract']).not.toHaveProperty('missingApprovals');
  });

  test('a rejection ends the approvals that there were, and so does another tier', async () => {
    await request({ tier: 'platinum' });
    await move('Approve', BOB);
    await move('Reject', CAROL);
    expect(await move('Approve', CAROL)).toMatchObject({
      contract: { state: 'CONTRACT_STATE_PENDING', missingApprovals: 1 },
    });
    // Carol's, and Bob's anew.
    expect(await move('Approve', BOB)).toMatchObject({ contract: { state: 'CONTRACT_STATE_APPROVED' } });
  });

  test('whoever chooses another tier for what waits counts as one who asked', async () => {
    await request({ tier: 'platinum' });
    await move('Approve', BOB);
    expect(await move('ChangeTier', BOB, { tier: 'silver' })).toMatchObject({
      contract: { tier: 'silver', state: 'CONTRACT_STATE_PENDING', missingApprovals: 1 },
    });
    for (const who of [ALICE, BOB])
      expect(await move('Approve', who)).toMatchObject(refusal(/somebody who did not ask, and/));
    expect(await move('Approve', CAROL)).toMatchObject({ contract: { state: 'CONTRACT_STATE_APPROVED' } });
  });

  test('another tier is a request: the old one holds until it is approved, and it can be rejected or withdrawn', async () => {
    await request();
    await move('Approve', BOB);
    const waits = { state: 'CONTRACT_STATE_APPROVED', tier: 'gold', change: { tier: 'platinum' }, missingApprovals: 2 };
    expect(await move('ChangeTier', ALICE, { tier: 'platinum', reason: 'more' })).toMatchObject({ contract: waits });
    // What sidecars are sent is the old one.
    expect(await document()).toMatchObject({ spec: { tier: 'gold', status: 'approved' } });
    expect(await move('ChangeTier', ALICE, { tier: 'gold' })).toMatchObject(
      refusal(/is of the tier gold already: withdraw/),
    );
    expect(await move('Approve', ALICE)).toMatchObject(refusal(/asked for it/));
    expect(await move('Reject', BOB, { reason: 'no' })).toMatchObject({
      contract: { state: 'CONTRACT_STATE_APPROVED', tier: 'gold', decided: { what: 'kept', comment: 'no' } },
    });
    expect((await document())?.spec['record']).not.toHaveProperty('change');
    await move('ChangeTier', ALICE, { tier: 'platinum' });
    expect(await move('Withdraw', BOB)).toMatchObject({
      status: 403,
      message: expect.stringMatching(/asked for by user:alice@example.com/) as string,
    });
    expect(await move('Withdraw', ALICES_TOKEN)).toMatchObject({ contract: { tier: 'gold' } });
    await move('ChangeTier', ALICE, { tier: 'platinum' });
    await move('Approve', BOB);
    expect(await document()).toMatchObject({ spec: { tier: 'gold' } });
    expect(await move('Approve', CAROL)).toMatchObject({
      contract: { tier: 'platinum', state: 'CONTRACT_STATE_APPROVED', decided: { what: 'moved' } },
    });
    expect(await move('ChangeTier', ALICE, { tier: 'trial' })).toMatchObject({
      contract: { tier: 'trial', decided: { what: 'moved', by: 'tier' } },
    });
    await move('ChangeTier', ALICE, { tier: 'platinum' });
    expect(await move('Revoke', BOB)).toMatchObject({ contract: { state: 'CONTRACT_STATE_REVOKED', tier: 'trial' } });
    expect((await document())?.spec['record']).not.toHaveProperty('change');
    expect(await move('ChangeTier', ALICE, { tier: 'none' })).toMatchObject(
      refusal(/is revoked, so it can't be moved/),
    );
    await move('Restore', BOB);
    expect(await move('ChangeTier', ALICE, { tier: 'none' })).toMatchObject({
      message: expect.stringMatching(/has no tier "none"$/) as string,
    });
  });

  test('terms of use are accepted with the request, and who has a contract keeps the ones that they accepted', async () => {
    const terms = (version: string) =>
      life.services.apply([
        api('pets', { tiers: TIERS }, { namespace: 'zoo', terms: { version, url: 'https://example.com/terms' } }),
      ]);
    expect(await request({ acceptTerms: '1' })).toMatchObject(refusal(/has no terms of use to accept/));
    await terms('1');
    expect(await request()).toMatchObject(
      refusal(/has terms of use of version 1: read them \(https:\/\/example.com\/terms\), and accept them/),
    );
    expect(await request({ acceptTerms: '0' })).toMatchObject(refusal(/of version 1, not of version 0/));
    expect(await request({ acceptTerms: '1' })).toMatchObject({
      contract: { acceptedTerms: '1', currentTerms: '1' },
    });
    await terms('2');
    expect(await move('Approve', BOB)).toMatchObject({
      contract: { state: 'CONTRACT_STATE_APPROVED', acceptedTerms: '1', currentTerms: '2' },
    });
    // Another tier is a new request.
    expect(await move('ChangeTier', ALICE, { tier: 'silver' })).toMatchObject(refusal(/of version 2/));
    expect(await move('ChangeTier', ALICE, { tier: 'silver', acceptTerms: '2' })).toMatchObject({
      contract: { acceptedTerms: '1', change: { acceptedTerms: '2' } },
    });
    expect(await move('Approve', BOB)).toMatchObject({ contract: { tier: 'silver', acceptedTerms: '2' } });
    expect(await move('ChangeTier', ALICE, { tier: 'trial' })).toMatchObject({ contract: { tier: 'trial' } });
  });

  test('what waits is found, and what is in force no longer', async () => {
    const waiting = async () => {
      const { total = 0 } = await life.services.ask('ResourceService/List', {
        kinds: ['Contract'],
        where: { waits: 'yes' },
      });
      return total;
    };
    await request();
    expect(await waiting()).toBe(1);
    await move('Approve', BOB);
    expect(await waiting()).toBe(0);
    await move('ChangeTier', ALICE, { tier: 'platinum' });
    expect(await waiting()).toBe(1);
    await move('Reject', BOB);
    expect(await waiting()).toBe(0);
  });
}
