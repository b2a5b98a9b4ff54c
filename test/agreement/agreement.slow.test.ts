import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { attack, startAgreementMesh } from './mesh.ts';
import type { AgreementMesh } from './mesh.ts';

const envoy = await partOrSkip('envoy');

/** Another one each day, told where it finds something; `OSTIARY_TEST_SEED` repeats it. */
const seed = Number(process.env['OSTIARY_TEST_SEED'] ?? Math.floor(Date.now() / 86_400_000));

describe.skipIf(envoy === undefined)('a real Envoy and ostiary', () => {
  let mesh: AgreementMesh;
  beforeAll(async () => {
    mesh = await startAgreementMesh();
  });
  afterAll(() => mesh?.stop());

  test(`agree on 10,000 generated spellings (seed ${seed})`, async () => {
    const { found, reached } = await attack(mesh, 10_000, seed);
    expect(found).toEqual([]);
    expect(reached).toBeGreaterThan(500);
  });
});
