import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { attack, startAgreementMesh } from './mesh.ts';
import type { AgreementMesh } from './mesh.ts';
import { LAYOUTS } from './layouts.ts';
import { legitimate } from './legitimate.ts';
import type { Seen } from './upstreams.ts';

const envoy = await partOrSkip('envoy');

describe.skipIf(envoy === undefined)('a real Envoy and ostiary', () => {
  let mesh: AgreementMesh;
  beforeAll(async () => {
    mesh = await startAgreementMesh();
  });
  afterAll(() => mesh?.stop());

  test('agree on generated spellings of host, path and headers: none reaches an upstream that its decision did not name', async () => {
    const { found, upstreams, layouts: reached } = await attack(mesh, 1000, 2026);
    expect(found).toEqual([]);
    // The attack goes as far as it may: open upstreams are reached, by every layout.
    expect([...upstreams].sort()).toEqual(expect.arrayContaining(['gitlab', 'orders', 'public', 'wild']));
    expect([...reached].sort()).toEqual(LAYOUTS.map(({ name }) => name).sort());
  }, 120_000);

  describe.each(LAYOUTS)('of the layout $name', (layout) => {
    test('serve what is legitimate as before', async () => {
      const answers: unknown[] = [];
      const expected: unknown[] = [];
      for (const { request, outcome } of legitimate(layout)) {
        for (const rawHeaders of [false, true]) {
          const { status, body } = await mesh.send(layout, rawHeaders, request);
          const { target, host, protocol } = request;
          const upstream = body.startsWith('{"upstream"') ? (JSON.parse(body) as Seen).upstream : status;
          answers.push({ target, host, protocol, rawHeaders, outcome: upstream });
          expected.push({ target, host, protocol, rawHeaders, outcome });
        }
      }
      expect(answers).toEqual(expected);
    }, 60_000);
  });
});
