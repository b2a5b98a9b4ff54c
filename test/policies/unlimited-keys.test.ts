import { describe, expect, it } from 'vitest';
import { api, documentsFolder } from '../e2e/documents.ts';
import { runOstiary } from '../real/ostiary.ts';

const RATE_LIMITS = [{ maximumRequests: 3, timePeriodInMilliseconds: 60_000 }];
const KEY_SELECTOR = "#[attributes.headers['x-key']]";

async function validated(config: object): Promise<string> {
  const policies = [{ policyRef: { name: 'rate-limiting' }, config: { rateLimits: RATE_LIMITS, ...config } }];
  const run = await runOstiary(['validate', documentsFolder([api('orders', { policies })])]);
  expect(await run.exited).toBe(0);
  return run.output();
}

describe('a policy that lets new keys pass once there is no room for them', () => {
  it.each([
    [{ onStoreFailure: 'allow' }, 'onStoreFailure'],
    [{ blockOnUnknownQuota: false }, 'blockOnUnknownQuota'],
  ])('is warned of at %j', async (config, field) => {
    const output = await validated({ keySelector: KEY_SELECTOR, ...config });
    expect(output).toContain(`warning: spec.policies[0].config.${field}: lets requests with new keys pass uncounted`);
    expect(output).toContain('Deny, or select by what callers do not choose');
  });

  it.each([
    [{ keySelector: KEY_SELECTOR }],
    [{ keySelector: KEY_SELECTOR, onStoreFailure: 'local' }],
    [{ onStoreFailure: 'allow' }],
  ])('is not %j', async (config) => expect(await validated(config)).not.toContain('warning:'));
});
