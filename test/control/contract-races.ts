import { expect, test } from 'vitest';
import type { NewPlace } from '../registry/fixture.ts';
import { ALICE, BOB, CAROL, ContractLife, moment } from './contract-life.ts';
import { api } from './fixture.ts';
import { TIERS } from './contract-life.ts';

/** Several who decide on one contract in the same moment, whatever the database. */
export function decidesContractsAtOnce(newPlace: NewPlace): void {
  const life = new ContractLife(newPlace);
  const { document, move, request } = life;
  const isDone = (answer: object): boolean => 'contract' in answer;
  const head = async (): Promise<number> => (await life.services.registry.head()).revision;

  test('of two approvers at once both count where the tier wants two, and one where it wants one', async () => {
    await request({ tier: 'platinum' });
    const both = await Promise.all([move('Approve', BOB), move('Approve', CAROL), move('Approve', BOB)]);
    expect(both.filter(isDone)).toHaveLength(2);
    expect(await document()).toMatchObject({ spec: { status: 'approved' } });
    const { spec = {} } = (await document()) ?? {};
    const { requested } = spec['record'] as { requested: { approvals: { by: string }[] } };
    expect(requested.approvals.map(({ by }) => by).toSorted()).toEqual([
      'user:bob@example.com',
      'user:carol@example.com',
    ]);
    expect(await head()).toBe(5);
  });

  test('an approval of another tier and a revocation at once leave no contract in force', async () => {
    await request();
    await move('Approve', BOB);
    for (let round = 0; round < 3; round += 1) {
      await move('ChangeTier', ALICE, { tier: 'silver' });
      const [approval, revocation] = await Promise.all([move('Approve', BOB), move('Revoke', CAROL)]);
      expect(revocation).toMatchObject({ contract: { state: 'CONTRACT_STATE_REVOKED' } });
      const { spec = {} } = (await document()) ?? {};
      expect(spec).toMatchObject({ status: 'revoked', tier: isDone(approval) ? 'silver' : 'gold' });
      expect(spec['record']).not.toHaveProperty('change');
      await move('Restore', BOB);
      if (spec['tier'] === 'silver') {
        await move('ChangeTier', ALICE, { tier: 'gold' });
        await move('Approve', BOB);
      }
    }
    expect((await life.services.registry.verify()).problems).toEqual([]);
  });

  test('a request and the retirement of its API at once leave nothing that waits for an API that takes nobody', async () => {
    const retired = api('pets', { tiers: TIERS }, { namespace: 'zoo', lifecycle: 'retired' });
    const [asked, applied] = await Promise.all([request(), life.services.apply([retired])]);
    const isRetired = !('faults' in applied);
    // A contract that waits is a fault of a retired API: one of the two is refused.
    expect(isDone(asked)).toBe(!isRetired);
  });

  test('new terms of use and a request that accepts the old ones at once: it has accepted what held', async () => {
    const terms = (version: string) =>
      life.services.apply([api('pets', { tiers: TIERS }, { namespace: 'zoo', terms: { version, text: 'Be kind.' } })]);
    await terms('1');
    const before = await head();
    const [asked] = await Promise.all([request({ acceptTerms: '1' }), terms('2')]);
    const [first] = await life.services.registry.changesAfter(before, 1);
    expect(isDone(asked)).toBe(first?.kind === 'Contract');
  });

  test('a request and the end of its application at once leave no contract without one', async () => {
    const app = { namespace: 'shop', name: 'web' };
    const [asked, ended] = await Promise.all([
      request(),
      life.services.ask('CredentialService/WithdrawApplication', app, ALICE),
    ]);
    expect(ended).toHaveProperty('application');
    expect(await document()).toBeUndefined();
    if (isDone(asked)) expect(ended).toMatchObject({ contracts: [{ name: 'shop-web-pets' }] });
  });

  test('a clock that jumps ends no contract for good, and brings none back by itself', async () => {
    await request();
    await move('Approve', BOB, { expires: moment(10) });
    const at = async (days: number) => {
      life.services.nowMs = Date.parse(moment(days));
      return ((await move('GetContract', BOB))['contract'] as { expired?: boolean }).expired === true;
    };
    expect([await at(9), await at(10), await at(1000), await at(1)]).toEqual([false, true, true, false]);
    life.services.nowMs = Date.parse(moment(11));
    await move('Revoke', BOB);
    expect(await move('Restore', BOB)).toMatchObject({ status: 400 });
    expect(await at(1)).toBe(false);
    expect(await document()).toMatchObject({ spec: { status: 'revoked' } });
  });
}
