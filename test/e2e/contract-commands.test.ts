import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import type { Files } from '../document/documents.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';

const POLICIES = [{ policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } }];
const api = document('Api', 'orders', { basePath: '/orders', policies: POLICIES });
const client = document('ClientApplication', 'web', { clientId: 'web' });
const contract = document('Contract', 'web-orders', { api: 'orders', clientApplication: 'web', status: 'approved' });

describe('the commands for contracts, applications and promotion', () => {
  let control: RealControlPlane;

  beforeAll(async () => {
    control = await startControlPlane(join(scratchFolder('contract-commands'), 'data'));
    await apply({ 'a.json': [api, client, contract] });
  });
  afterAll(() => control?.stop());

  const ostiary = (...argv: string[]) => runMain(argv, control.env);
  const apply = (files: Files, ...flags: string[]) => ostiary('apply', '-f', writeFolder(files), ...flags);

  test('revoke and restore a contract, from states that allow it', async () => {
    expect(await ostiary('contract', 'revoke', 'web-orders', '--reason', 'leaked')).toMatchObject({
      code: 0,
      stdout: 'contract/web-orders is revoked (revision 4)\n',
    });
    const refused = await ostiary('contract', 'revoke', 'web-orders');
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'Contract default/web-orders is revoked already: it may be restored or given an end (http://',
      ) as string,
    });
    expect(await ostiary('contract', 'restore', 'web-orders', '--dry-run')).toMatchObject({
      stdout: 'contract/web-orders would be approved (dry run)\n',
    });
    const restored = await ostiary('contract', 'restore', 'web-orders', '--wait', '1s', '-o', 'json');
    expect(JSON.parse(restored.stdout)).toMatchObject({
      contract: { name: 'web-orders', api: 'orders', state: 'approved' },
      receipt: { enforced: 0, pending: [], unreachable: [] },
    });
    expect((await ostiary('audit', '--kind', 'contract')).stdout).toContain('leaked');
    expect((await ostiary('audit', 'verify')).stdout).toContain('are as they were written');
  });

  test('make an application and its contract, and rotate its secret', async () => {
    const made = await ostiary('app', 'create', 'shop-2', '--display-name', 'Shop 2', '-o', 'json');
    const { secret, application } = JSON.parse(made.stdout) as { secret: string; application: { clientId: string } };
    expect([made.code, secret, application.clientId]).toEqual([
      0,
      expect.stringMatching(/^[\w-]{43}$/),
      expect.stringMatching(/^[0-9a-f]{32}$/),
    ]);
    expect(made.stderr).toBe('the secret is not shown again: it is kept as a hash\n');
    const asked = await ostiary('contract', 'request', '--app', 'shop-2', '--api', 'orders', '--reason', 'we sell');
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(asked.stdout).toMatch(/^contract\/shop-2-orders is pending, needs 1 approval \(revision \d+\)\n$/);
    expect((await ostiary('contract', 'approve', 'shop-2-orders')).stdout).toContain('is approved');
    const rotated = await ostiary('app', 'rotate-secret', 'shop-2', '--grace', '24h');
    expect(rotated.stdout).toMatch(
      /^clientapplication\/shop-2 has a new secret \(revision \d+\)\nthe old secret is valid until 20\S+Z\nsecret: [\w-]{43}\n$/,
    );
    expect(await ostiary('app', 'rotate-secret', 'shop-2')).toMatchObject({ code: 1, stdout: '' });
    expect((await ostiary('app', 'end-secret', 'shop-2')).stdout).toMatch(/has one secret \(revision/);
    const everything =
      (await ostiary('audit', '-o', 'json')).stdout + (await ostiary('get', 'apps', '-o', 'json')).stdout;
    expect(everything).not.toContain(secret);
  });

  test('live the life of a contract, by the words of a shell', async () => {
    const limits = [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }];
    const tiers = [
      { name: 'gold', limits },
      { name: 'platinum', limits, approvers: 2 },
    ];
    const pets = document('Api', 'pets', { basePath: '/pets', tiers, policies: POLICIES });
    const terms = { version: '2026-01', url: 'https://example.com/terms' };
    const inZoo = { ...pets, metadata: { ...pets.metadata, namespace: 'farm', terms } };
    const app = document('ClientApplication', 'buyer', { clientId: 'buyer' }, { namespace: 'shop' });
    await apply({ 'farm.json': [inZoo, app] });
    const request = (...more: string[]) =>
      ostiary('contract', 'request', '--app', 'shop/buyer', '--api', 'farm/pets', '--tier', 'gold', ...more);
    expect((await request()).stderr).toContain('accept them with the request (accept_terms, --accept-terms 2026-01)');
    expect((await request('--accept-terms', '2026-01', '--reason', 'we sell pets')).stdout).toMatch(
      /^contract\/farm\/shop-buyer-pets is pending, tier gold, needs 1 approval/,
    );
    const ofBuyer = (action: string, ...more: string[]) =>
      ostiary('contract', action, 'shop-buyer-pets', '-n', 'farm', ...more);
    expect((await ostiary('get', 'contracts', '--where', 'waits=yes', '-o', 'name')).stdout).toBe(
      'contract/farm/shop-buyer-pets\n',
    );
    expect((await ofBuyer('approve', '--expires', '2099-12-31', '--reason', 'fine')).stdout).toMatch(
      /is approved, tier gold, until 2099-12-31T00:00:00Z \(/,
    );
    expect((await ofBuyer('expire', '--expires', '90d')).stdout).toMatch(/is approved, tier gold, until 20\d\d-/);
    expect((await ofBuyer('expire', '--expires', 'never')).stdout).toMatch(/is approved, tier gold \(/);
    expect(await ofBuyer('expire')).toMatchObject({ code: 2, stderr: expect.stringContaining('when?') as string });
    expect(await ofBuyer('expire', '--expires', 'soon')).toMatchObject({ code: 2 });
    expect((await ofBuyer('change-tier', '--tier', 'platinum')).stdout).toMatch(
      /is approved, tier gold, asks for tier platinum, needs 2 approvals/,
    );
    const shown = (await ofBuyer('show')).stdout;
    for (const line of [
      /^Client: +shop\/buyer$/m,
      /^Terms of use: 2026-01$/m,
      /^Asked: +by bootstrap, 20/m,
      /^Why: +we sell pets$/m,
      /^Approved: +by bootstrap, 20.*: fine$/m,
      /^Asks for: +tier platinum$/m,
      /^Decided: +approved by bootstrap/m,
      /^Waits: +needs 2 approvals$/m,
    ])
      expect(shown).toMatch(line);
    expect(JSON.parse((await ofBuyer('show', '-o', 'json')).stdout)).toMatchObject({
      contract: { state: 'approved', change: { tier: 'platinum', by: 'bootstrap' }, missingApprovals: 2 },
    });
    expect((await ofBuyer('withdraw')).stdout).toMatch(/is approved, tier gold \(/);
    expect(await ofBuyer('show', '--reason', 'x')).toMatchObject({ code: 2 });
  });

  test('end the secrets of an application in an emergency, and withdraw it with its contracts', async () => {
    await ostiary('app', 'create', 'doomed');
    await ostiary('contract', 'request', '--app', 'doomed', '--api', 'orders');
    expect(await ostiary('app', 'kill-secret', 'doomed')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('why? ostiary app kill-secret doomed --reason TEXT') as string,
    });
    const killed = await ostiary('app', 'kill-secret', 'doomed', '--reason', 'leaked');
    expect(killed.stdout).toMatch(/^clientapplication\/doomed has lost 1 secret \(revision \d+\)\n/);
    expect(killed.stdout.split('\n')).toHaveLength(3);
    const shown = await ostiary('app', 'withdraw', 'doomed', '--dry-run');
    expect(shown.stdout).toMatch(
      /^clientapplication\/doomed would be withdrawn, with 1 contract \(dry run\)\n {2}contract\/doomed-orders was pending/,
    );
    // Who deletes it hears how both go.
    expect((await ostiary('delete', 'app', 'doomed')).stderr).toContain(
      '; ostiary app withdraw doomed deletes it with its contracts\n',
    );
    expect((await ostiary('app', 'withdraw', 'doomed')).stdout).toMatch(
      /^clientapplication\/doomed is withdrawn, with 1 contract \(revision \d+\)\n/,
    );
    expect((await ostiary('get', 'contracts', '-o', 'name')).stdout).not.toContain('doomed');
  });

  test('list as many as are asked for, and tell an end', async () => {
    await apply({ 'a.json': [document('ClientApplication', 'one', { clientId: 'one' })] });
    const some = await ostiary('get', 'apps', '--limit', '1', '-o', 'name');
    expect(some).toMatchObject({ code: 0, stdout: 'clientapplication/one\n' });
    expect(some.stderr).toMatch(/^1 of \d+ are shown: --limit 0 shows all\n$/);
    const ending = { api: 'orders', clientApplication: 'one', status: 'pending', expiresAt: '2100-01-01T00:00:00Z' };
    await apply({ 'a.json': [document('Contract', 'one-orders', ending)] });
    expect((await ostiary('contract', 'approve', 'one-orders')).stdout).toMatch(
      /^contract\/one-orders is approved, until 2100-01-01T00:00:00Z \(revision \d+\)\n$/,
    );
  });

  test('tell who calls them wrongly what is missing, and where a flag has no effect', async () => {
    const told = async (...argv: string[]) => (await ostiary(...argv)).stderr;
    expect(await told('contract', 'request', '--app', 'web')).toContain('between whom?');
    expect(await told('contract', 'aprove', 'x')).toContain('did you mean "approve"?');
    expect(await told('contract', 'list')).toContain('ostiary get contracts lists contracts');
    expect(await told('contract', 'approve', 'x', '--tier', 'gold')).toContain('--tier has no effect');
    expect(await told('contract', 'approve', 'x', '--app', 'web')).toContain('--app has no effect');
    expect(await told('contract', 'change-tier', 'x')).toContain('to which tier?');
    expect(await told('app', 'create')).toContain('which application?');
    expect(await told('app', 'create', 'Web shop')).toContain('name: expected a name');
    expect(await told('app', 'rotate-secret', 'web', '--grace', 'soon')).toContain('expected how long, such as 24h');
    expect(await told('app', 'end-secret', 'web', '--grace', '1h')).toContain('--grace has no effect');
    expect(await told('app', 'forget', 'web')).toContain('there is no action "forget"');
  });

  test('bring an API to another namespace with its bindings, and show what changes there', async () => {
    const inSandbox = { namespace: 'sandbox' };
    const pets = (spec: object = {}, metadata: object = {}) =>
      document(
        'Api',
        'pets',
        { hosts: ['pets.sandbox.example.com'], tiers: [], ...spec },
        { ...inSandbox, ...metadata },
      );
    const limit = (target: object, name: string, metadata: object = inSandbox) =>
      document(
        'PolicyBinding',
        name,
        {
          targetRef: target,
          policyRef: { name: 'rate-limiting' },
          config: { rateLimits: [{ maximumRequests: 5, timePeriodInMilliseconds: 1000 }] },
        },
        metadata,
      );
    const byName = limit({ kind: 'Api', name: 'pets' }, 'limit-pets');
    const promote = (...flags: string[]) => ostiary('promote', 'sandbox/pets', '--to', 'zoo', ...flags);
    await apply({ 'a.json': [pets({}, { version: 'v1', asset: 'pets' }), byName] });
    // The same host would leave the new one without requests.
    expect(await promote()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('would get no request') as string,
    });
    const shown = await promote('--host', 'pets.example.com', '--dry-run');
    expect(shown.stdout).toContain('+    - pets.example.com');
    expect(shown.stdout).toContain('policybinding/zoo/limit-pets created (dry run)');
    expect((await ostiary('get', 'apis', '-n', 'zoo')).stderr).toBe('no Api was found\n');
    expect(await promote('--host', 'pets.example.com', '--reason', 'v1')).toMatchObject({ code: 0 });

    // It keeps its place there; the rest follows.
    await apply({ 'a.json': [pets({ basePath: '/v2' }, { version: 'v2', asset: 'pets' }), byName] });
    const again = await promote();
    expect(again.stdout).toContain('-  version: v1\n+  version: v2');
    expect(again.stdout).toContain('policybinding/zoo/limit-pets unchanged');
    const there = JSON.parse((await ostiary('get', 'api/zoo/pets', '-o', 'json')).stdout) as { spec: object };
    expect(there).toMatchObject({ spec: { hosts: ['pets.example.com'], basePath: '/v2' } });
    const wide = await ostiary(
      'get',
      'apis',
      '-o',
      'wide',
      '--where',
      'metadata.asset=pets',
      '--where',
      'metadata.version=v2',
    );
    expect(wide.stdout).toMatch(/VERSION[^]*sandbox +pets[^]*v2[^]*zoo +pets[^]*v2/);

    // What protects it in the sandbox by its labels must do so there.
    const labelled = { labels: { team: 'zoo' } };
    const byLabel = limit({ kind: 'Selector', selector: labelled }, 'limit-team');
    await apply({ 'a.json': [pets({ basePath: '/v2' }, labelled), byLabel] });
    expect(await promote()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has policies by policybinding/sandbox/limit-team, which') as string,
    });
    expect(await promote('--skip', 'limit-team')).toMatchObject({ code: 0 });
    expect(await ostiary('promote', 'none', '--to', 'zoo')).toMatchObject({ code: 1 });
    expect(await ostiary('promote', 'pets', '-n', 'zoo', '--to', 'zoo')).toMatchObject({ code: 2 });
    await ostiary('delete', '-f', writeFolder({ 'a.json': [pets(), byName, byLabel] }));
    await ostiary('delete', 'policybinding/zoo/limit-pets');
    await ostiary('delete', 'api/zoo/pets');
  });
});
