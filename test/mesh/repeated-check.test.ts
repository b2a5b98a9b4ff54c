import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { api, client, contract, documentsFolder } from '../e2e/documents.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { CheckClient } from './check-client.ts';

const TIERS = [{ name: 'gold', limits: [{ maximumRequests: 10, timePeriodInMilliseconds: 3_600_000 }] }];
const QUOTA = { policyRef: { name: 'rate-limiting-sla' }, config: { exposeHeaders: true } };

let ostiary: RealOstiary;
let checks: CheckClient;
beforeAll(async () => {
  const documents = [
    api('orders', { tiers: TIERS, policies: [QUOTA] }),
    client('shop'),
    contract('shop', 'orders', 'gold'),
  ];
  ostiary = await startOstiary({ policies: documentsFolder(documents) });
  checks = new CheckClient(ostiary.listen);
});
afterAll(async () => {
  checks.close();
  await ostiary.stop();
});

describe('a Check that Envoy sends again', () => {
  it('is answered as before and charged once', async () => {
    expect((await checks.check('orders', 'shop', 1, 5000)).remaining).toBe(9);
    for (let i = 0; i < 3; i++) expect(await checks.repeat()).toMatchObject({ outcome: 'allowed', remaining: 9 });
    expect((await checks.check('orders', 'shop', 1, 5000)).remaining).toBe(8);
  });
});
