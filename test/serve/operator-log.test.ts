import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { api, documentsFolder } from '../e2e/documents.ts';
import { startOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';

it("an operator's changes, and calls that are refused, are in the log without token or key", async () => {
  const rateLimits = [{ maximumRequests: 3, timePeriodInMilliseconds: 60_000 }];
  const config = { rateLimits, keySelector: "#[attributes.headers['x-key']]" };
  const policies = documentsFolder([api('orders', { policies: [{ policyRef: { name: 'rate-limiting' }, config }] })]);
  const tokenFile = join(scratchFolder('token'), 'token');
  writeFileSync(tokenFile, TOKEN);
  const ostiary = await startOstiary({ policies, args: ['--api-token-file', tokenFile] });
  const reset = (headers: Record<string, string>) =>
    fetch(`${ostiary.apiUrl}/ostiary.v1.InspectionService/ResetCounters`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ api: 'orders', key: 'hunter2' }),
    });
  try {
    expect((await reset({ authorization: 'Bearer wrong-token-wrong-token' })).status).toBe(401);
    expect((await reset({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await reset({ authorization: `Bearer ${TOKEN}` })).status).toBe(200);
  } finally {
    await ostiary.stop();
  }
  const lines = ostiary
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'));
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const refused = told.filter(({ msg }) => msg === 'call refused');
  expect(refused).toHaveLength(2);
  expect(refused[0]).toMatchObject({ level: 'warn', method: '/ostiary.v1.InspectionService/ResetCounters' });
  expect(refused[0]?.['detail']).toContain('not the token');
  expect(refused[1]?.['detail']).toContain('Origin');
  const done = told.find(({ msg }) => msg === 'counters reset');
  expect(done).toMatchObject({ level: 'info', api: 'orders', detail: '0 windows closed' });
  expect(done?.['keys']).toEqual([expect.stringMatching(/^orders:.+:[\w-]{22}$/)]);
  expect(ostiary.output()).not.toMatch(/hunter2|wrong-token|0123456789abcdef/);
});
