import { expect, it } from 'vitest';
import { policyKinds } from '../../src/policies/index.ts';
import { faultsOf } from './documents.ts';

it('a document with hundreds of faults is parsed for all of them once, not for each', async () => {
  const policies = Array.from({ length: 30 }, (_, i) => ({
    policyRef: { name: 'client-id-enforcement' },
    name: `p${i}`,
    rules: Array.from({ length: 20 }, (_none, j) => ({ headers: { [`x${(i * 7 + j * 3) % 40}`]: 'a|b', y: `${j}` } })),
  }));
  const api = {
    apiVersion: 'ostiary.dev/v1alpha1',
    kind: 'Api',
    metadata: { name: 'a' },
    spec: { basePath: '/a', policies },
  };
  // In flow style, which the full parser reads: once for each fault that would be half a minute.
  const faults = await faultsOf({ 'a.yaml': JSON.stringify(api) }, { policyKinds });
  expect(faults.length).toBeGreaterThan(50);
  expect(faults[0]).toMatch(/^a\.yaml:1:\d+: spec\.policies\[0\]\.rules\[0\]: looks at the header/);
}, 15_000);
