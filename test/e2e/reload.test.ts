import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { contract, credentials, documentsFolder, writeDocument } from './documents.ts';
import { startMesh, TRANSPORTS } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { send } from './request.ts';
import { shop } from './shop.ts';

const envoy = await partOrSkip('envoy');

describe.skipIf(envoy === undefined).each(TRANSPORTS)(
  'documents that change while a real Envoy asks %s',
  (transport) => {
    let mesh: Mesh;
    let policies: string;
    beforeAll(async () => {
      policies = documentsFolder(shop);
      mesh = await startMesh({ policies, transport });
    });
    afterAll(() => mesh?.stop());

    const ask = async (path: string, name: string) =>
      (await send(mesh.envoy.port('normalized'), path, { headers: credentials(name) })).status;

    test('a new contract is put in force, a revoked one out of it, and no answer is anything else', async () => {
      const seen: number[] = [];
      const traffic = new AbortController();
      const steady = (async () => {
        while (!traffic.signal.aborted) {
          seen.push(await ask('/orders/1', 'stranger'));
          expect(await ask('/orders/1', 'gold')).toBe(200);
        }
      })();
      await sleep(200);
      expect(new Set(seen)).toEqual(new Set([401]));

      const agreed = contract('stranger', 'orders', 'gold');
      writeDocument(policies, agreed);
      await expect.poll(() => seen.at(-1), { timeout: 15_000, interval: 20 }).toBe(200);

      writeDocument(policies, { ...agreed, spec: { ...agreed.spec, status: 'revoked' } });
      await expect.poll(() => seen.at(-1), { timeout: 15_000, interval: 20 }).toBe(401);

      traffic.abort();
      await steady;
      expect(new Set(seen)).toEqual(new Set([200, 401]));
    });

    test('counters survive a reload, and a faulty document changes nothing', async () => {
      expect(await ask('/orders/1', 'bronze')).toBe(200);
      expect(await ask('/orders/1', 'bronze')).toBe(200);
      const metric = async () => {
        const metrics = await (await fetch(`${mesh.ostiary().adminUrl}/metrics`)).text();
        return /^ostiary_config_last_reload_successful (\d)/m.exec(metrics)?.[1];
      };
      expect(await metric()).toBe('1');

      const faulty = join(policies, 'faulty.yaml');
      writeFileSync(
        faulty,
        'apiVersion: ostiary.dev/v1alpha1\nkind: Api\nmetadata: {name: broken}\nspec: {basPath: /x}\n',
      );
      await expect.poll(metric, { timeout: 3000 }).toBe('0');
      const ready = await fetch(`${mesh.ostiary().adminUrl}/readyz`);
      expect(ready.status).toBe(200);
      // A field's name may be a secret that was misplaced.
      expect(await ready.json()).toMatchObject({ documents: { faults: 1, places: [`${faulty}:4:8`] } });
      // Lines are written in batches.
      await expect.poll(() => mesh.ostiary().output(), { timeout: 5000 }).toContain('faulty.yaml');
      expect(await ask('/orders/1', 'bronze')).toBe(200);

      rmSync(faulty);
      await expect.poll(metric, { timeout: 3000 }).toBe('1');
      expect(await ask('/orders/1', 'bronze')).toBe(429);
    });
  },
);
