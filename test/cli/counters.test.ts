import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { api, client, contract, documentsFolder } from '../e2e/documents.ts';
import { CheckClient } from '../mesh/check-client.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';

const TOKEN = 'a-token-of-at-least-16-characters';
const tokenFile = join(scratchFolder('token'), 'token');
const withToken = ['--api-token-file', tokenFile];
const TIERS = [{ name: 'gold', limits: [{ name: 'burst', maximumRequests: 3, timePeriodInMilliseconds: 3_600_000 }] }];
const QUOTA = { policyRef: { name: 'rate-limiting-sla' }, config: { exposeHeaders: true } };

let ostiary: RealOstiary;
let checks: CheckClient;
beforeAll(async () => {
  writeFileSync(tokenFile, TOKEN);
  const policies = documentsFolder([
    api('orders', { tiers: TIERS, policies: [QUOTA] }),
    client('shop'),
    contract('shop', 'orders', 'gold'),
  ]);
  ostiary = await startOstiary({ policies, args: ['--api-token-file', tokenFile] });
  checks = new CheckClient(ostiary.listen);
});
afterAll(async () => {
  checks.close();
  await ostiary.stop();
});

async function counters(...argv: string[]): Promise<{ code: number | null; output: string }> {
  const command = await runOstiary(['counters', ...argv, '--api', ostiary.apiUrl]);
  const code = await command.exited;
  return { code, output: command.output() };
}

describe('ostiary check of a running service', () => {
  it('presents the token, which Explain needs here', async () => {
    const request = ['--path', '/orders', '--host', 'orders.example.com', '--api', ostiary.apiUrl];
    const without = await runOstiary(['check', ...request]);
    expect([await without.exited, without.output()]).toEqual([1, expect.stringContaining('answered 401')]);
    const command = await runOstiary(['check', ...request, '--api-token-file', tokenFile]);
    expect([await command.exited, command.output()]).toEqual([1, expect.stringMatching(/^deny 4\d\d {2}/)]);
  });
});

describe('ostiary counters', () => {
  it('get tells the windows of a client', async () => {
    await checks.check('orders', 'shop', 1, 5000);
    const { code, output } = await counters('get', 'orders', '--client', 'shop-id', ...withToken);
    expect(output).toMatch(/limit burst 3 in 3600000 ms: remaining 2, window ends in 3\d{6} ms/);
    expect(code).toBe(0);
  });

  it('reset closes them', async () => {
    for (let i = 0; i < 5; i++) await checks.check('orders', 'shop', 1, 5000);
    expect((await checks.check('orders', 'shop', 1, 5000)).outcome).toBe('refused');
    expect(await counters('reset', 'orders', '--client', 'shop-id', '--api-token-file', tokenFile)).toEqual({
      code: 0,
      output: '1 window closed\n',
    });
    expect((await checks.check('orders', 'shop', 1, 5000)).outcome).toBe('allowed');
  });

  it.each([
    [['reset', 'orders', '--client', 'shop-id'], 1, 'answered 401'],
    [['get', 'orders', '--client', 'shop-id'], 1, 'this needs the API token: give --api-token-file'],
    [['get', 'nothing', '--client', 'shop-id', ...withToken], 1, 'answered 404'],
    [['get', 'orders', '--client', 'nobody', ...withToken], 1, 'answered 404'],
    [['clear', 'orders'], 2, 'usage: ostiary counters'],
    [['get'], 2, 'usage: ostiary counters'],
  ])('%j says what is wrong', async (argv, exitCode, message) => {
    const { code, output } = await counters(...argv);
    expect(output).toContain(message);
    expect(code).toBe(exitCode);
  });
});
