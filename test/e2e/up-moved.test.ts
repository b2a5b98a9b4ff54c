import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { scratchFolder } from '../real/scratch.ts';
import { startUp } from '../real/up.ts';
import type { RealUp } from '../real/up.ts';

const SHOP = [
  document('Api', 'orders', { basePath: '/orders', policies: [{ policyRef: { name: 'client-id-enforcement' } }] }),
  document('ClientApplication', 'shop', { clientId: 'shop', clientSecret: { value: 'the-secret-of-the-shop' } }),
  document('Contract', 'shop-orders', { api: 'orders', clientApplication: 'shop', status: 'approved' }),
];

describe('documents that move from their files to the control plane', { timeout: 60_000 }, () => {
  const folder = scratchFolder('up-moved');
  const policies = writeFolder(
    { 'shop.json': SHOP, 'other.json': document('Api', 'other', { basePath: '/other' }) },
    join(folder, 'policies'),
  );
  const start = () => startUp({ dataDir: join(folder, 'data'), policies });
  let up: RealUp;
  beforeAll(async () => {
    up = await start();
  });
  afterAll(() => up?.stop());
  const ostiary = (...argv: string[]) => runMain(argv, up.env);

  async function decided(secret: string): Promise<string> {
    const headers = ['--header', 'client_id: shop', '--header', `client_secret: ${secret}`];
    const { stdout } = await runMain(['check', '--api', up.apiUrl, '--path', '/orders/1', ...headers]);
    return stdout
      .split(/\s/)
      .slice(0, 2)
      .join(' ')
      .replace(/^allow.*/s, 'allow');
  }

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const end = performance.now() + 15_000; !(await holds()); await sleep(20)) {
      if (performance.now() > end) throw new Error(`${what} did not come: ${up.output().slice(-3000)}`);
    }
  }

  test('keep their names, and no request is decided otherwise on the way', async () => {
    const moved = writeFolder({ 'shop.json': SHOP });
    await until('the mirror', async () => (await ostiary('get', 'contracts')).stdout.includes('shop-orders'));
    const refused = await ostiary('apply', '-f', moved);
    expect(refused.stderr).toContain('shop.json: change it there, or take it over');
    const answers = new Set<string>();
    const moving = new AbortController();
    const asking = (async () => {
      for (; !moving.signal.aborted; await sleep(5))
        answers.add(`${await decided('the-secret-of-the-shop')} ${await decided('guessed')}`);
    })();
    const taken = await ostiary('apply', '-f', moved, '--take-over', '--reason', 'we leave the folder');
    expect(taken).toMatchObject({ code: 0 });
    const seen = async () => (await ostiary('get', 'api', 'orders', '-o', 'json')).stdout;
    expect(JSON.parse(await seen())).toMatchObject({ status: { owner: 'api' } });
    await sleep(500);
    rmSync(join(policies, 'shop.json'));
    await until('the control plane’s', async () => (await ostiary('sidecars')).stdout.includes('in sync'));
    expect(await ostiary('contract', 'revoke', 'shop-orders', '--dry-run')).toMatchObject({ code: 0 });
    moving.abort();
    await asking;
    expect([...answers]).toEqual(['allow deny 401']);
    // From now on it is the control plane's alone.
    expect((await ostiary('contract', 'revoke', 'shop-orders', '--wait', '5s')).code).toBe(0);
    expect(await decided('the-secret-of-the-shop')).toMatch(/^deny/);
    expect((await ostiary('contract', 'restore', 'shop-orders', '--wait', '5s')).code).toBe(0);
    await up.stop();
    up = await start();
    expect(await decided('the-secret-of-the-shop')).toBe('allow');
    expect(JSON.parse(await seen())).toMatchObject({ status: { owner: 'api' } });
  });

  test('a file that brings one back is told, and takes nothing from it', async () => {
    writeFileSync(join(policies, 'shop.json'), JSON.stringify([document('Api', 'orders', { basePath: '/orders' })]));
    await until('the fault', async () => up.output().includes('the control plane has a Api of this name'));
    expect(await decided('guessed')).toMatch(/^deny/);
    expect(await decided('the-secret-of-the-shop')).toBe('allow');
  });
});
