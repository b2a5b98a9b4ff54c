import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { scratchFolder } from '../real/scratch.ts';
import { startUp } from '../real/up.ts';
import type { RealUp } from '../real/up.ts';

/** Quotas are looked at every 20 s. */
const PATIENCE = { timeout: 60_000, interval: 500 };
const SECRET = 'a-secret-of-the-shop';

const alert = (name: string) =>
  document('Alert', name, { api: 'orders', metric: 'quotaUsed', threshold: '50%', notify: [] });

const FILES = {
  'a.json': [
    document('Api', 'orders', {
      basePath: '/orders',
      tiers: [{ name: 'gold', limits: [{ maximumRequests: 2, timePeriodInMilliseconds: 3_600_000 }] }],
      policies: [{ policyRef: { name: 'rate-limiting-sla' }, config: {} }],
    }),
    document('ClientApplication', 'shop', { clientId: 'shop', clientSecret: { value: SECRET } }),
    document('Contract', 'shop-orders', { api: 'orders', clientApplication: 'shop', tier: 'gold', status: 'approved' }),
    alert('in-a-file'),
  ],
};

const folder = scratchFolder('up-alerts');
const dataDir = join(folder, 'data');
const policies = writeFolder(FILES, join(folder, 'policies'));
let up: RealUp;
const start = async () => (up = await startUp({ dataDir, policies }));
beforeAll(start);
afterAll(() => up?.stop());

async function check(): Promise<void> {
  const headers = { client_id: 'shop', client_secret: SECRET };
  const http = { method: 'GET', host: 'h.example', path: '/orders/1', headers };
  const answer = await fetch(`${up.apiUrl}/envoy.service.auth.v3.Authorization/Check`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ attributes: { request: { http } } }),
  });
  expect(JSON.stringify(await answer.json())).not.toContain('deniedResponse');
}

interface Told {
  readonly event: string;
  readonly about?: { readonly name: string };
}

async function told(): Promise<readonly string[]> {
  const { stdout } = await runMain(['events', '-o', 'json'], up.env);
  const { events } = JSON.parse(stdout) as { events: readonly Told[] };
  return events
    .filter(({ event }) => event.startsWith('alert.'))
    .map(({ about, event }) => `${event} ${about?.name}`)
    .toSorted();
}

test('an alert that ostiary up evaluates is an event for people, once, wherever its document is', async () => {
  const applied = await runMain(['apply', '-f', writeFolder({ 'b.json': [alert('in-the-plane')] })], up.env);
  expect(applied.stdout).toMatch(/alert\/in-the-plane created/);
  await check();
  await check();
  const firing = ['alert.firing in-a-file', 'alert.firing in-the-plane'];
  await expect.poll(told, PATIENCE).toEqual(firing);

  // What is firing at a start was told.
  await up.stop();
  await start();
  await expect.poll(() => up.output(), PATIENCE).toContain('"msg":"ready"');
  expect(await told()).toEqual(firing);
});
