import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { api, credentials, documentsFolder } from './documents.ts';
import { startMesh, TRANSPORTS } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { send } from './request.ts';
import { shop } from './shop.ts';

const envoy = await partOrSkip('envoy');
const redisServer = await partOrSkip('redis-server');

const PATIENCE = { timeout: 10_000, interval: 50 };

describe.skipIf(envoy === undefined).each(TRANSPORTS)('a real Envoy whose ostiary on %s is away', (transport) => {
  let mesh: Mesh;
  beforeEach(async () => {
    mesh = await startMesh({ policies: documentsFolder(shop), transport, timeoutMs: 250 });
  });
  afterEach(() => mesh?.stop());

  test('answers 503 while it is killed, and as before when it is back', async () => {
    const port = mesh.envoy.port('normalized');
    await expect.poll(async () => (await send(port, '/open/1')).status, PATIENCE).toBe(200);
    await mesh.ostiary().kill();
    for (const path of ['/open/1', '/closed/1', '/nowhere']) expect((await send(port, path)).status).toBe(503);
    await mesh.restartOstiary();
    await expect.poll(async () => (await send(port, '/open/1')).status, PATIENCE).toBe(200);
    await expect.poll(async () => (await send(port, '/closed/1')).status, PATIENCE).toBe(401);
    await expect.poll(() => mesh.accessLog().map(({ details }) => details), PATIENCE).toContain('ext_authz_error');
  });

  test('answers 503 in time while it is stuck, and as before when it runs again', async () => {
    const port = mesh.envoy.port('normalized');
    await expect.poll(async () => (await send(port, '/open/1')).status, PATIENCE).toBe(200);
    mesh.ostiary().pause();
    // A stuck ostiary never answers: Envoy does, by its time-out.
    expect((await send(port, '/open/1')).status).toBe(503);
    mesh.ostiary().resume();
    await expect.poll(async () => (await send(port, '/open/1')).status, PATIENCE).toBe(200);
  });
});

describe.skipIf(envoy === undefined || redisServer === undefined).each(TRANSPORTS)(
  'a real Envoy that asks %s, and the counters in Redis',
  (transport) => {
    let redis: RealRedis;
    let mesh: Mesh;
    beforeAll(async () => {
      redis = await startRedis();
      const rateLimits = [{ maximumRequests: 3, timePeriodInMilliseconds: 60_000 }];
      const limited = (name: string, config: object) =>
        api(name, { policies: [{ policyRef: { name: 'rate-limiting' }, config: { rateLimits, ...config } }] });
      const documents = [
        ...shop,
        limited('strict', {}),
        limited('lenient', { onStoreFailure: 'allow' }),
        limited('stuck', {}),
      ];
      mesh = await startMesh({ policies: documentsFolder(documents), transport, args: ['--redis', redis.url] });
    });
    afterAll(async () => {
      await mesh?.stop();
      await redis?.stop();
    });

    const ask = async (path: string, headers = {}) =>
      (await send(mesh.envoy.port('normalized'), path, { headers })).status;

    test('a killed store denies, or allows where the operator says so, and counts again when it is back', async () => {
      expect(await ask('/strict/1')).toBe(200);
      expect(await ask('/lenient/1')).toBe(200);
      expect(await ask('/orders/1', credentials('bronze'))).toBe(200);
      await redis.kill();
      expect(await ask('/strict/1')).toBe(503);
      expect(await ask('/orders/1', credentials('bronze'))).toBe(503);
      expect(await ask('/orders/1')).toBe(401);
      expect(await ask('/lenient/1')).toBe(200);
      expect(await ask('/open/1')).toBe(200);
      await redis.restart();
      await expect.poll(() => ask('/strict/1'), PATIENCE).toBe(200);
      expect([await ask('/strict/1'), await ask('/strict/1'), await ask('/strict/1')]).toEqual([200, 200, 429]);
    });

    test('a stuck store is answered for within the time that Envoy waits', async () => {
      await expect.poll(() => ask('/stuck/1'), PATIENCE).toBe(200);
      redis.pause();
      for (const _ of [1, 2, 3]) {
        const answer = await send(mesh.envoy.port('normalized'), '/stuck/1');
        expect(answer.status).toBe(503);
        // ostiary's answer; Envoy's own, at its time-out, has no such header.
        expect(answer.headers['retry-after']).toMatch(/^\d+$/);
      }
      redis.resume();
      await expect.poll(() => ask('/stuck/1'), PATIENCE).toBe(200);
    });
  },
);
