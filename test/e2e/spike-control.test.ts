import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { api, documentsFolder } from './documents.ts';
import { startMesh, TRANSPORTS } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { send } from './request.ts';

const envoy = await partOrSkip('envoy');
const PERIOD_MS = 3000;

describe.skipIf(envoy === undefined).each(TRANSPORTS)('a spike through a real Envoy that asks %s', (transport) => {
  let mesh: Mesh;
  beforeAll(async () => {
    const spike = (config: object) => ({
      policies: [
        {
          policyRef: { name: 'spike-control' },
          config: { maximumRequests: 2, timePeriodInMilliseconds: PERIOD_MS, ...config },
        },
      ],
    });
    const waiting = { delayTimeInMillis: PERIOD_MS, queuingLimit: 2 };
    const policies = documentsFolder([
      ...['normalized', 'raw'].flatMap((front) => [
        api(`sharp-${front}`, spike({ exposeHeaders: true })),
        api(`patient-${front}`, spike(waiting)),
      ]),
      api('short', spike({ ...waiting, timePeriodInMilliseconds: 60_000, delayTimeInMillis: 60_000 })),
    ]);
    mesh = await startMesh({ policies, transport, timeoutMs: 10_000 });
  });
  afterAll(() => mesh?.stop());

  describe.each(['normalized', 'raw'] as const)('with headers sent %s', (front) => {
    const ask = (name: string) => send(mesh.envoy.port(front), `/${name}/1`);

    test('is cut off with 429 and the rate headers', async () => {
      const answers = [await ask(`sharp-${front}`), await ask(`sharp-${front}`), await ask(`sharp-${front}`)];
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
      expect(answers.map(({ headers }) => headers['x-ratelimit-remaining'])).toEqual(['1', '0', '0']);
      expect(Number(answers[2]?.headers['retry-after'])).toBeGreaterThan(0);
    });

    test('waits for its turn where it may, and only as many as may', async () => {
      const answers = await Promise.all(Array.from({ length: 6 }, () => ask(`patient-${front}`)));
      const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
      expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
    });
  });

  test('is cut off at once where Envoy would not wait as long', async () => {
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push((await send(mesh.envoy.port('normalized'), '/short/1')).status);
    expect(answers).toEqual([200, 200, 429]);
    expect(mesh.ostiary().exitCode()).toBeUndefined();
  });
});
