import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { isSecret, parseSecretHash } from '../../../src/contract/secret.ts';
import { runMain } from '../../cli/run-main.ts';
import { FROM, Importing } from './importing.ts';
import { contractOf, instanceOf, policyOf } from './organization.ts';
import type { Json } from './organization.ts';

const importing = new Importing();

describe('import anypoint', () => {
  test('shows what would come, writes it in one transaction, and changes nothing a second time', async () => {
    const shown = await importing.fromUrl(...FROM);
    expect(shown.stdout).toContain('api/prod/orders-api created (dry run)\n');
    expect((await importing.services.registry.head()).revision).toBe(0);
    expect(shown.stderr).toContain(
      'left out: API "Orders API" (95) of Production: contract 27: its tier gold-48 is deprecated',
    );
    expect(shown.stderr).toContain('message-logging is not imported: use Envoy');
    expect(shown.stderr).toContain('policy "ip-blocklist" is disabled, and not imported');

    const secrets = join(importing.folder, 'new.yaml');
    const applied = await importing.fromUrl(...FROM, '--apply', '--new-secrets', secrets);
    expect(applied.stderr).toContain(`${secrets}: 3 new secrets: give each owner theirs`);
    const state = await importing.state();
    expect([...state.keys()]).toEqual([
      'Api prod/bestande-lager',
      'Api prod/orders-api',
      'Api prod/orders-api-96',
      'ClientApplication applications/app-1',
      'ClientApplication applications/app-2',
      'ClientApplication applications/app-3',
      'ClientApplication applications/app-4',
      'Contract prod/app-1-orders-api',
      'Contract prod/app-2-orders-api',
      'Contract prod/app-3-orders-api',
      'PolicyBinding prod/automated-rate-limiting-11',
      'Secret prod/anypoint-95',
    ]);
    expect(state.get('Api prod/orders-api')?.document).toMatchObject({
      metadata: {
        displayName: 'Orders API',
        description: 'Orders',
        version: 'v1',
        lifecycle: 'published',
        asset: 'orders-api',
      },
      spec: {
        hosts: ['api.example.com'],
        basePath: '/orders/v1',
        tiers: [
          { name: 'gold', limits: [{ maximumRequests: 100, timePeriodInMilliseconds: 60_000 }] },
          { name: 'gold-48', autoApprove: true, deprecated: true },
        ],
        policies: [
          {
            policyRef: { name: 'http-basic-authentication' },
            order: 51,
            rules: [{ methods: 'POST', path: '/vans/.*' }],
            config: { username: 'courier', password: '${secret:anypoint-95/2-password}' },
          },
          { policyRef: { name: 'rate-limiting-sla' }, order: 52, config: { exposeHeaders: true, clusterizable: true } },
        ],
      },
    });
    expect(state.get('Api prod/orders-api-96')?.document).toMatchObject({
      metadata: { lifecycle: 'deprecated' },
      spec: { basePath: '/orders/v2' },
    });
    expect(state.get('Contract prod/app-3-orders-api')?.document.spec).toMatchObject({
      clientApplication: 'applications/app-3',
      api: 'orders-api',
      tier: 'gold',
      status: 'pending',
    });
    expect(state.get('Contract prod/app-2-orders-api')?.document.spec['status']).toBe('revoked');

    // Whose secret was told goes on with it.
    const one = state.get('ClientApplication applications/app-1')?.document.spec['clientSecret'];
    expect(isSecret(parseSecretHash(one as { salt: string; sha256: string }), 'the-secret-of-one')).toBe(true);
    expect(statSync(secrets).mode & 0o777).toBe(0o600);
    const told = parse(readFileSync(secrets, 'utf8')) as Record<
      string,
      { application: string; clientSecret: string }[]
    >;
    expect(Object.keys(told)).toEqual(['ann@example.com', 'team-b', 'owner not known']);
    const [two, three] = told['ann@example.com'] ?? [];
    expect([two?.application, three?.application]).toEqual(['applications/app-2', 'applications/app-3']);
    expect(told['team-b']?.[0]?.clientSecret).toBe(three?.clientSecret);
    const kept = state.get('ClientApplication applications/app-2')?.document.spec['clientSecret'];
    expect(isSecret(parseSecretHash(kept as { salt: string; sha256: string }), two?.clientSecret ?? '')).toBe(true);

    const { revision } = await importing.services.registry.head();
    const again = await importing.fromUrl(...FROM, '--apply', '--new-secrets', join(importing.folder, 'again.yaml'));
    expect(again.stdout).toBe('');
    expect(existsSync(join(importing.folder, 'again.yaml'))).toBe(false);
    expect((await importing.services.registry.head()).revision).toBe(revision);
  });

  test('what was decided here since is not overruled, and is told', async () => {
    await importing.fromUrl(...FROM, '--apply', '--new-secrets', join(importing.folder, 'new.yaml'));
    await importing.services.ask('ContractService/Revoke', { namespace: 'prod', name: 'app-1-orders-api' });
    await importing.services.ask('CredentialService/RotateSecret', {
      namespace: 'applications',
      name: 'app-1',
      grace: '0s',
    });
    const before = (await importing.state()).get('ClientApplication applications/app-1');
    const { stderr } = await importing.fromUrl(...FROM, '--apply');
    expect(stderr).toContain('contract 24 is there as app-1-orders-api, and stays revoked: there it is approved');
    const state = await importing.state();
    expect(state.get('Contract prod/app-1-orders-api')?.document.spec['status']).toBe('revoked');
    expect(state.get('ClientApplication applications/app-1')).toEqual(before);
  });

  test('what came later there comes later, under names that nothing else has', async () => {
    await importing.fromUrl(...FROM, '--apply', '--new-secrets', join(importing.folder, 'new.yaml'));
    const before = await importing.state();
    const [[orders] = []] = Object.values(importing.platform.content.assets);
    (Object(orders) as { apis: Json[] }).apis.push(
      instanceOf(98, { endpointUri: 'https://api.example.com/orders/v3' }),
    );
    importing.platform.content.details[98] = {};
    importing.platform.content.applications.push({ id: 5, name: 'App 1' });
    importing.platform.content.applicationDetails[5] = { clientId: 'client-5', clientSecret: 'five' };
    importing.platform.content.contracts[98] = [contractOf(30, 5, 'APPROVED', { tierId: null })];
    const { stdout } = await importing.fromUrl(...FROM, '--apply');
    expect(stdout.split('\n').filter((line) => line !== '')).toEqual([
      'clientapplication/applications/app-1-5 created',
      'api/prod/orders-api-98 created',
      'contract/prod/app-1-5-orders-api-98 created',
    ]);
    const after = await importing.state();
    for (const [key, value] of before) expect(after.get(key)).toEqual(value);
  });

  test('an API without one of its policies does not come, with its contracts; an automated one keeps all of them', async () => {
    importing.platform.content.contracts[97] = [contractOf(40, 1, 'APPROVED', { tierId: null })];
    const { stderr, stdout, code } = await importing.fromUrl('--environment', 'Production');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /left out: API "Bestände & Läger" \(97\) of Production is left out, with 1 of its contracts: .*acme-custom-policy/,
    );
    expect(stdout).not.toContain('bestande');
    expect(stdout).toContain('api/production/orders-api created');
    importing.platform.content.automated.push(policyOf(12, 'spec-validation', {}));
    const all = await importing.fromUrl('--environment', 'Production');
    expect(all.stderr).toContain('left out: all 3 APIs of Production: automated policy "spec-validation" (12)');
    expect(all.stdout).not.toContain('api/');
  });

  test('environments have namespaces, and an organization that was saved gives the same, without a secret in it', async () => {
    const file = join(importing.folder, 'org.json');
    const saved = await importing.fromUrl('--save', file);
    expect(saved).toMatchObject({ code: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain('the-secret-of-one');
    const { stdout, stderr } = await importing.run([
      file,
      '--server',
      importing.services.url,
      '--skip-policy',
      'acme-custom-policy',
    ]);
    expect(stdout).toContain('api/sand-box/orders-api created (dry run)');
    expect(stdout).toContain('api/production/orders-api created (dry run)');
    expect(await importing.run([file, '--server', importing.services.url, '--environment', 'Test'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is none of this name; there are Production, Sand Box') as string,
    });
    expect(stderr).toContain('3 new secrets');
    const both = ['--environment', 'Production=a', '--environment', 'Sand Box=a'];
    expect(await importing.run([file, '--server', importing.services.url, ...both])).toMatchObject({ code: 2 });
  });

  test('writes a folder instead, twice the same', async () => {
    const out = join(importing.folder, 'policies');
    const file = join(importing.folder, 'org.json');
    await importing.fromUrl('--save', file);
    const argv = [file, '--out', out, ...FROM];
    expect(await importing.run(argv)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('say where to by --new-secrets FILE') as string,
    });
    expect(existsSync(out)).toBe(false);
    const secrets = join(importing.folder, 'new.yaml');
    await importing.run([...argv, '--new-secrets', secrets]);
    expect(statSync(join(out, 'prod/apis/orders-api.yaml')).mode & 0o777).toBe(0o600);
    const again = await importing.run([...argv, '--new-secrets', secrets]);
    expect(again.stderr).toContain(': 0 files written, ');
    expect(again.stderr).toContain(' 0 deleted');
    expect((await runMain(['validate', out])).stdout).toContain('valid: ');
  });
});
