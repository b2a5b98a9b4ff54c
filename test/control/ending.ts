import { expect, test } from 'vitest';
import type { NewPlace } from '../registry/fixture.ts';
import { ALICE, BOB, ContractLife, DAY_MS, moment, NOW_MS, refusal, TIERS } from './contract-life.ts';
import { api, app, contract } from './fixture.ts';

/** How contracts, applications and secrets end, whatever the database. */
export function endsContracts(newPlace: NewPlace): void {
  const life = new ContractLife(newPlace);
  const { ask, request, move, document } = life;

  test('what waits is withdrawn by whoever asked, and is then gone', async () => {
    await request();
    expect(await move('Withdraw', BOB)).toMatchObject({ status: 403, code: 'permission_denied' });
    expect(await move('Withdraw', ALICE, { dryRun: true })).toEqual({ revision: '3' });
    expect(await move('Withdraw', ALICE, { wait: '1s' })).toMatchObject({ revision: '4', receipt: { enforced: 2 } });
    expect(await document()).toBeUndefined();
    expect(await request()).toMatchObject({ contract: { state: 'CONTRACT_STATE_PENDING' } });
  });

  test('a contract ends when its approval says, or later on', async () => {
    await request({ expires: moment(400) });
    expect(await move('Approve', BOB, { expires: moment(-1) })).toMatchObject({
      message: expect.stringMatching(/which is over/) as string,
    });
    expect(await move('Approve', BOB, { expires: moment(30) })).toMatchObject({ contract: { expires: moment(30) } });
    expect(await document()).toMatchObject({ spec: { expiresAt: moment(30).replace('Z', '.000Z') } });
    life.services.nowMs = NOW_MS + 31 * DAY_MS;
    expect(await move('GetContract', BOB)).toMatchObject({
      contract: { state: 'CONTRACT_STATE_APPROVED', expired: true },
    });
    await move('Revoke', BOB);
    expect(await move('Restore', BOB)).toMatchObject(refusal(/has ended at .*: give it another end first/));
    expect(await move('SetExpiry', BOB, { expires: moment(60) })).toMatchObject({ contract: { expires: moment(60) } });
    expect(await move('Restore', BOB)).toMatchObject({ contract: { state: 'CONTRACT_STATE_APPROVED' } });
    const endless = await move('SetExpiry', BOB);
    expect(endless['contract']).not.toHaveProperty('expires');
    expect((await document())?.spec).not.toHaveProperty('expiresAt');
    for (const expires of ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z', 'soon'])
      expect((await move('SetExpiry', BOB, { expires }))['status']).toBe(expires.startsWith('9') ? undefined : 400);
  });

  test('a contract whose end comes before its approval is not approved without another one', async () => {
    await request({ expires: moment(1) });
    life.services.nowMs = NOW_MS + DAY_MS;
    expect(await move('Approve', BOB)).toMatchObject(refusal(/has ended at/));
    expect(await move('Approve', BOB, { expires: moment(2) })).toMatchObject({
      contract: { state: 'CONTRACT_STATE_APPROVED', expires: moment(2) },
    });
  });

  test('an application is withdrawn with all of its contracts, in one transaction that is shown first', async () => {
    await life.services.apply([
      api('birds', { hosts: ['b.example.com'] }, { namespace: 'zoo' }),
      contract('one', 'shop/web', 'birds', { status: 'revoked' }, { namespace: 'zoo' }),
      app('other', {}, { namespace: 'shop' }),
      contract('two', 'shop/other', 'birds', {}, { namespace: 'zoo' }),
    ]);
    await request();
    const withdraw = (more: object = {}) =>
      life.services.ask('CredentialService/WithdrawApplication', { namespace: 'shop', name: 'web', ...more }, ALICE);
    const shown = await withdraw({ dryRun: true });
    expect(shown).toMatchObject({
      application: { name: 'web', clientId: 'id-of-web' },
      contracts: [
        { name: 'one', state: 'CONTRACT_STATE_REVOKED' },
        { name: 'shop-web-pets', state: 'CONTRACT_STATE_PENDING' },
      ],
      revision: '7',
    });
    expect(
      await life.services.ask('ResourceService/Delete', {
        resources: [{ resource: { kind: 'ClientApplication', namespace: 'shop', name: 'web' } }],
      }),
    ).toMatchObject({
      faults: [{ file: 'Contract zoo/one' }, { file: 'Contract zoo/shop-web-pets' }],
    });
    expect(await withdraw({ expectedRevision: '1' })).toMatchObject({ status: 409 });
    expect(await withdraw({ wait: '1s' })).toMatchObject({
      contracts: [{ name: 'one' }, { name: 'shop-web-pets' }],
      revision: '10',
      receipt: { enforced: 2 },
    });
    expect(
      (await life.services.ask('ResourceService/List', { kinds: ['Contract', 'ClientApplication'] }))['total'],
    ).toBe(2);
    expect(await withdraw()).toMatchObject({ status: 404 });
  });

  test('an API that retires shows who is still on it, and takes nobody else', async () => {
    await life.services.apply([
      contract('one', 'shop/web', 'pets', {}, { namespace: 'zoo' }),
      app('local', {}, { namespace: 'zoo' }),
      app('gone', {}, { namespace: 'zoo' }),
      contract('two', 'local', 'pets', {}, { namespace: 'zoo' }),
      contract('three', 'gone', 'pets', { status: 'revoked' }, { namespace: 'zoo' }),
    ]);
    const retired = api('pets', { tiers: TIERS }, { namespace: 'zoo', lifecycle: 'retired' });
    const warning = {
      field: 'metadata.lifecycle',
      severity: 'warning',
      message:
        '2 client applications are still on this API, and may call it until their contracts are revoked: shop/web, zoo/local',
    };
    expect(await life.services.ask('ResourceService/Diff', { documents: [{ document: retired }] })).toMatchObject({
      warnings: expect.arrayContaining([expect.objectContaining(warning) as object]) as object,
    });
    expect(await life.services.apply([retired])).toMatchObject({
      warnings: expect.arrayContaining([expect.objectContaining(warning) as object]) as object,
    });
    // Once is enough.
    const again = api('pets', { tiers: TIERS }, { namespace: 'zoo', lifecycle: 'retired', version: 'v2' });
    expect(JSON.stringify(await life.services.apply([again]))).not.toContain('still on this API');
    expect(await ask('ChangeTier', { namespace: 'zoo', name: 'two', tier: 'platinum' }, ALICE)).toMatchObject(
      refusal(/is retired and takes no new contracts/),
    );
  });

  test('in an emergency all secrets and keys of an application end, and the sidecars are waited for', async () => {
    const key = { salt: 's', sha256: 'a'.repeat(64) };
    await life.services.apply([
      app(
        'web',
        { clientSecrets: [{ ...key, expires: moment(1) }, key], apiKeys: [{ id: 'k', ...key }] },
        { namespace: 'shop' },
      ),
    ]);
    const kill = (more: object = {}) =>
      life.services.ask(
        'CredentialService/KillSecrets',
        { namespace: 'shop', name: 'web', reason: 'leaked', ...more },
        ALICE,
      );
    expect(await kill({ reason: ' ' })).toMatchObject({
      status: 400,
      message: expect.stringMatching(/^reason is missing/) as string,
    });
    expect(await kill({ dryRun: true })).toMatchObject({ endedSecrets: 2, endedApiKeys: 1, revision: '3' });
    expect(await kill()).toMatchObject({
      application: { clientId: 'id-of-web', revision: '4' },
      endedSecrets: 2,
      endedApiKeys: 1,
      receipt: { revision: '4', enforced: 2, pending: ['a'] },
    });
    expect(await kill()).toMatchObject(refusal(/has no valid secret and no valid API key$/));
    const made = await life.services.ask('CredentialService/RotateSecret', { namespace: 'shop', name: 'web' });
    expect(made).toMatchObject({ application: { secrets: [{}] } });
  });
}
