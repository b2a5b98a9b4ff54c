import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { closeBrowser } from './browser.ts';
import type { Window } from './browser.ts';
import { openSite } from './site.ts';
import type { Site } from './site.ts';

const parts = [await partOrSkip('chromium'), await partOrSkip('envoy')];
const SECRET = 'a secret of the web shop';
const SALT = '0bf1c3fb2b05f3311ac7509c26bc73cb';
const HEADER = { apiVersion: 'ostiary.dev/v1alpha1' };
const ORDERS = {
  ...HEADER,
  kind: 'Api',
  metadata: {
    name: 'orders',
    namespace: 'shop',
    displayName: 'Orders',
    lifecycle: 'published',
    visibility: 'internal',
  },
  spec: {
    basePath: '/orders',
    tiers: [{ name: 'silver', limits: [{ maximumRequests: 100_000, timePeriodInMilliseconds: 1000 }] }],
    policies: [{ policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } }],
  },
};
/** In a file: the sidecar wants one. */
const HELLO = JSON.stringify({ ...HEADER, kind: 'Api', metadata: { name: 'hello' }, spec: { basePath: '/hello' } });
const WEB_SHOP = {
  ...HEADER,
  kind: 'ClientApplication',
  metadata: { name: 'web-shop', namespace: 'apps', displayName: 'Web shop' },
  spec: {
    clientId: 'web-shop',
    clientSecret: { salt: SALT, sha256: createHash('sha256').update(`${SALT}${SECRET}`).digest('hex') },
  },
};

describe.skipIf(parts.includes(undefined))('access to an API, in two windows', () => {
  let site: Site;
  let upstream: Server;
  let envoy: RealEnvoy;
  beforeAll(async () => {
    upstream = createServer((_request, response) => response.end('orders'));
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const policies = scratchFolder('files');
    writeFileSync(join(policies, 'hello.yaml'), HELLO);
    site = await openSite({
      policies,
      teams: { shop: { olga: 'owner', oscar: 'owner' }, apps: { dana: 'developer' } },
      documents: [ORDERS, WEB_SHOP],
    });
    const config = bootstrap({
      ostiary: { kind: 'tcp', host: '127.0.0.1', port: Number(site.sidecar?.listen.split(':')[1]) },
      timeoutMs: 5000,
      accessLog: false,
      listeners: [{ name: 'shop', host: '127.0.0.1', port: 0, rawHeaders: false, normalizePath: true, api: undefined }],
      upstream: { host: '127.0.0.1', port: (upstream.address() as AddressInfo).port },
    });
    envoy = await startEnvoy(config);
  });
  afterAll(async () => {
    await site?.close();
    await envoy?.stop();
    upstream?.close();
    await closeBrowser();
  });

  /** As the application calls. */
  const status = async (): Promise<number> => {
    const headers = { client_id: 'web-shop', client_secret: SECRET };
    const answer = await fetch(`http://127.0.0.1:${envoy.port('shop')}/orders`, { headers });
    await answer.arrayBuffer();
    return answer.status;
  };

  /** Asks until the answer is this one. @returns how long that took */
  const until = async (wanted: number): Promise<number> => {
    const began = performance.now();
    while ((await status()) !== wanted) {
      if (performance.now() - began > 30_000) throw new Error(`no ${wanted} in 30 s`);
      await sleep(10);
    }
    return performance.now() - began;
  };

  const told = (what: string, ms: number): void => console.log(`${what} ${ms.toFixed(0)} ms after the click`);

  test('is asked for in one, approved in the other, and counts in the next request', async () => {
    const [dana, olga] = [await site.window('dana'), await site.window('olga')];
    expect(await status()).toBe(401);
    await olga.open('/requests');
    await olga.page.getByText('Nothing waits for you').waitFor();

    await dana.open('/catalog/shop/orders');
    await dana.page.getByRole('button', { name: 'Request access' }).click();
    await dana.page.getByLabel('Why').fill('For the shop on the web');
    await dana.axe();
    await dana.page.getByRole('dialog').getByRole('button', { name: 'Request access' }).click();
    await dana.page.getByText('waits for approval').first().waitFor();
    expect(await status()).toBe(401);

    // It appears there by itself.
    await olga.page.getByRole('button', { name: /^Approve/ }).click();
    await olga.page.getByLabel('Comment').fill('Welcome');
    await olga.axe();
    const approving = olga.page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    told('a waiting request is answered', await until(200));
    await approving;
    await olga.page.getByText('was approved for orders').waitFor();
    await olga.page.getByText('1 of 1').waitFor();
    await olga.axeInBoth();
    await olga.shot('approved');
  });

  test('is revoked, and the receipt of the sidecars is full', async () => {
    const olga = await site.window('olga');
    const { page } = olga;
    await olga.open('/apis/shop/orders/contracts');
    await page.getByRole('button', { name: 'apps/web-shop' }).click();
    await page.getByRole('button', { name: 'Revoke…' }).click();
    await page.getByLabel('Reason').fill('The key was found in a public repository');
    await olga.axe();
    const revoking = page.getByRole('button', { name: 'Revoke', exact: true }).click();
    told('a request is refused', await until(401));
    await revoking;
    await page.getByText('Revoked: it lets nothing pass any more.').waitFor();
    await page.getByText('1 of 1').waitFor();
    await olga.axeInBoth();
  });

  test('two who change the same API at once are told, and lose nothing', async () => {
    const [olga, oscar] = [await site.window('olga'), await site.window('oscar')];
    const edit = async (window: Window, description: string): Promise<void> => {
      await window.open('/apis/shop/orders/settings');
      await window.page.getByLabel('Description').fill(description);
      await window.page.getByRole('button', { name: 'Review and save' }).click();
    };
    await edit(olga, 'As Olga would have it');
    await edit(oscar, 'As Oscar would have it');
    const save = ({ page }: Window) => page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await save(oscar);
    await oscar.page.getByText('Saved.').waitFor();
    await save(olga).catch(() => {});
    await olga.page.getByRole('heading', { name: 'Somebody else has changed this meanwhile' }).waitFor();
    const dialog = olga.page.getByRole('dialog').last();
    await dialog.getByText('As Olga would have it').waitFor();
    await dialog.getByText('As Oscar would have it').waitFor();
    await olga.axe();
    await dialog.getByLabel('Yours').check();
    await dialog.getByRole('button', { name: 'Go on with both' }).click();
    await olga.page.getByRole('button', { name: 'Review and save' }).click();
    await save(olga);
    await olga.page.getByText('Saved.').waitFor();
    const api = await site.call<{ resource: { document: { metadata: { description: string } } } }>(
      'ResourceService/Get',
      { kind: 'Api', namespace: 'shop', name: 'orders' },
    );
    expect(api.resource.document.metadata.description).toBe('As Olga would have it');
  });
});
