import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scratchFolder } from '../real/scratch.ts';
import { api, document, openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

const PASSWORD = 'hunter2-of-the-directory';
const REFERENCE = '${secret:ldap/password}';
const HOST = `https://${REFERENCE}.localhost/`;

const introspection = (config: object) =>
  api('orders', {
    tiers: [],
    policies: [
      {
        policyRef: { name: 'oauth2-token-introspection' },
        config: {
          introspectionURL: 'https://issuer.example.com',
          clientAuthentication: { method: 'none' },
          skipClientIdValidation: true,
          anyAudience: true,
          ...config,
        },
      },
    ],
  });

describe('the value of a Secret', () => {
  let services: ControlServices;
  beforeEach(async () => {
    services = await openServices({ dataDir: scratchFolder('control'), databaseUrl: undefined });
    await services.apply([document('Secret', 'ldap', { data: { password: { value: PASSWORD } } })]);
  });
  afterEach(() => services.close());

  test.each<[string, object]>([
    ['the name of a file', introspection({ tls: { authoritiesFile: REFERENCE } })],
    ['an absolute name of a file', introspection({ tls: { authoritiesFile: `/${REFERENCE}` } })],
    ['a host of a policy', introspection({ introspectionURL: HOST })],
    ['a host of a webhook', document('Webhook', 'hook', { url: HOST })],
    ['a user of a webhook', document('Webhook', 'hook', { url: `https://user:${REFERENCE}@hooks.example.com` })],
  ])('is told by no fault and no warning where it is %s', async (_place, written) => {
    const answer = await services.apply([written], { dryRun: true });
    const { faults = [], warnings = [] } = answer as { faults?: unknown[]; warnings?: unknown[] };
    // There is something to tell.
    expect([...faults, ...warnings].length).toBeGreaterThan(0);
    expect(JSON.stringify(answer).toLowerCase()).not.toContain(PASSWORD);
  });
});
