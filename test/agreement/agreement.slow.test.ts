import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { attack, startAgreementMesh } from './mesh.ts';
import type { AgreementMesh } from './mesh.ts';

const envoy = await partOrSkip('envoy');

/** AGREEMENT_SPELLINGS makes it more. */
const spellings = Number(process.env['AGREEMENT_SPELLINGS'] ?? 4000);
/** Another one each day, told where it finds something; `OSTIARY_TEST_SEED` repeats it. */
const seed = Number(process.env['OSTIARY_TEST_SEED'] ?? Math.floor(Date.now() / 86_400_000));

describe.skipIf(envoy === undefined)('a real Envoy and ostiary', () => {
  let mesh: AgreementMesh;
  beforeAll(async () => {
    mesh = await startAgreementMesh();
  });
  afterAll(() => mesh?.stop());

  test(`agree on ${spellings} generated spellings (seed ${seed})`, async () => {
    const { found, reached } = await attack(mesh, spellings, seed);
    expect(found).toEqual([]);
    expect(reached).toBeGreaterThan(spellings / 20);
  });
});
