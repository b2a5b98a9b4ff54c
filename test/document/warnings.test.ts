import { describe, expect, it } from 'vitest';
import { snapshotOf, warningsOf } from './documents.ts';

const API = `apiVersion: ostiary.dev/v1alpha1
kind: Api
metadata: { name: orders }
spec:
  policies:
    - policyRef: { name: meter }
    - policyRef: { name: gate }
      config:
        loud: true
`;
const BINDING = `apiVersion: ostiary.dev/v1alpha1
kind: PolicyBinding
metadata: { name: all }
spec:
  targetRef: { kind: Selector, selector: {} }
  policyRef: { name: gate-flex }
  config: { loud: false }
`;
const SENTENCE = 'is heard by everybody; 0.1 told nobody (`loudness` in docs/upgrade.md)';

describe('a document that an earlier release decided otherwise', () => {
  it('is told with file, line, column and field', async () => {
    expect(await warningsOf({ 'a.yaml': API, 'b/c.yaml': BINDING })).toEqual([
      `a.yaml:9:9: upgrade: spec.policies[1].config.loud: ${SENTENCE}`,
      `b/c.yaml:7:13: upgrade: spec.config.loud: ${SENTENCE}`,
    ]);
  });

  it('is in force all the same', async () => {
    expect((await snapshotOf({ 'a.yaml': API })).apis).toHaveLength(1);
  });

  it('is told beside the faults of others', async () => {
    const faulty = API.replace('orders', 'bills').replace('meter', 'metre');
    expect(await warningsOf({ 'a.yaml': API, 'b.yaml': faulty })).toHaveLength(2);
  });

  it('is not told where the document says nothing of it', async () => {
    expect(await warningsOf({ 'a.yaml': API.replace('loud: true', 'number: 1') })).toEqual([]);
  });
});
