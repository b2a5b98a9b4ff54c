import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policyKinds } from '../../src/policies/index.ts';
import { scratchFolder } from '../real/scratch.ts';
import { openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

type Json = Record<string, unknown>;

const VIEWER = 'user:vera@example.com';

let services: ControlServices;
beforeAll(async () => {
  services = await openServices({ dataDir: scratchFolder('schemas'), databaseUrl: undefined });
});
afterAll(() => services.close());

describe('what may be written', () => {
  it('is told by kind, with an example that the kind takes', async () => {
    const { policies } = (await services.ask('AuthoringService/ListKinds', {}, VIEWER)) as { policies: Json[] };
    expect(policies.map(({ name }) => name)).toContain('jwt-validation');
    for (const { name, summary } of policies) {
      const { schema } = await services.ask('AuthoringService/GetSchema', { policy: name }, VIEWER);
      expect(schema).toMatchObject({ type: 'object', description: summary, additionalProperties: false });
      const kind = policyKinds.get(String(name));
      const { examples = [] } = schema as { readonly examples?: readonly unknown[] };
      expect(examples).toHaveLength(1);
      for (const example of examples) expect(kind?.options.safeParse(example)).toMatchObject({ success: true });
      const { properties } = schema as { readonly properties: object };
      expect(Object.keys(properties).length).toBeGreaterThan(0);
    }
  });

  it('keeps the order of its fields, and says what is a secret', async () => {
    const { schema } = await services.ask('AuthoringService/GetSchema', { policy: 'spike-control' });
    const { properties } = schema as { readonly properties: Json };
    expect(Object.keys(properties).slice(0, 3)).toEqual([
      'maximumRequests',
      'timePeriodInMilliseconds',
      'delayTimeInMillis',
    ]);
    const ldap = await services.ask('AuthoringService/GetSchema', { policy: 'ldap-authentication' });
    expect(ldap).toMatchObject({ schema: { properties: { ldapServerUserPassword: { writeOnly: true } } } });
    const secret = await services.ask('AuthoringService/GetSchema', { kind: 'Secret' });
    expect(JSON.stringify(secret)).toContain('"writeOnly":true');
  });

  it('is nothing of what there is not', async () => {
    expect(await services.ask('AuthoringService/GetSchema', { policy: 'none' })).toMatchObject({ status: 404 });
    expect(await services.ask('AuthoringService/GetSchema', { kind: 'constructor' })).toMatchObject({ status: 404 });
    expect(await services.ask('AuthoringService/GetSchema', {})).toMatchObject({ status: 400 });
  });
});
