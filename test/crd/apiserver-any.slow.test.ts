import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentOf } from '../../src/crd/document-of.ts';
import { objectOf } from '../../src/crd/object-of.ts';
import { partOrSkip } from '../real/parts.ts';
import { anyDocument } from './any-document.ts';
import { clusterWithKinds } from './cluster.ts';
import type { ClusterWithKinds } from './cluster.ts';

type Json = Readonly<Record<string, unknown>>;

const parts = [await partOrSkip('etcd'), await partOrSkip('kube-apiserver')];
const CONTEXT = { cluster: undefined, grants: [], resolveSecret: () => ({ text: 'a secret' }) };
const KINDS = ['Api', 'PolicyBinding', 'ClientApplication', 'Contract', 'Alert'] as const;
const RUNS = Number(process.env['OBJECT_RUNS'] ?? 150);

/** What only the controller tells: see `controller-alone.ts`, and what it tells of secrets in plain text. */
const CONTROLLER_ALONE = [
  /matches the same requests as routes/,
  /expected the name of a header/,
  /expected a label such as/,
  /expected the URL as it is sent|path that can be read in one way|expected a URL such as/,
  /is not a time zone/,
  /another limit has this calendar/,
  /in steps of 10s|expected less than window/,
  /no share of failures is so large/,
  /expected an address such as/,
  /is a secret, or may be one/,
  /expected name and key of a Secret/,
];

const objects = fc.oneof(...KINDS.map((kind) => anyDocument(kind))).map((document): Json => {
  const made = objectOf(document, CONTEXT);
  if ('faults' in made) throw new Error(JSON.stringify(made.faults));
  return made.object;
});

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom('$X', 'a', '/', '*', '', -1, 0, 1e300, 2.5, [], {}, [{}], true, 'GET', '5m', { name: 'a', key: 'b' }),
);
const key = fc.constantFrom(
  'hosts',
  'tiers',
  'name',
  'kind',
  'salt',
  'labels',
  'x',
  'secretRef',
  'limits',
  'unlimited',
  'config',
  'policyRef',
  'public',
  'id',
);

/** Sets, replaces or removes something somewhere in the specification. */
function changed(object: Json, steps: readonly number[], name: string | undefined, value: unknown): Json {
  const copy = structuredClone(object) as Record<string, unknown>;
  let part = copy['spec'] as Record<string, unknown>;
  for (const step of steps) {
    const inner = Object.values(part).filter((one) => typeof one === 'object' && one !== null);
    if (inner.length === 0) break;
    part = inner[step % inner.length] as Record<string, unknown>;
  }
  const names = Object.keys(part);
  const own = names[(steps[0] ?? 0) % Math.max(1, names.length)];
  if (Array.isArray(part)) part[0] = value;
  else if (value === undefined) delete part[own ?? ''];
  else part[name ?? own ?? 'x'] = value;
  return copy;
}

describe.skipIf(parts.includes(undefined))('a real API server', () => {
  let cluster: ClusterWithKinds;
  beforeAll(async () => {
    cluster = await clusterWithKinds();
  }, 120_000);
  afterAll(() => cluster?.kubernetes.stop());

  it('accepts the object of whatever document the schemas take, and keeps all of it', async () => {
    await fc.assert(
      fc.asyncProperty(objects, async (object) => {
        const { message, object: kept } = await cluster.judge(object);
        expect(message).toBe('');
        expect(kept['spec']).toEqual(object['spec']);
      }),
      { numRuns: RUNS },
    );
  });

  it('refuses of changed objects what is no document, but for what only the controller tells', async () => {
    const counts = { both: 0, neither: 0, controller: 0 };
    const change = fc.tuple(
      objects,
      fc.array(fc.nat(5), { maxLength: 5 }),
      fc.option(key, { nil: undefined }),
      fc.option(odd, { nil: undefined }),
    );
    await fc.assert(
      fc.asyncProperty(change, async ([object, steps, name, value]) => {
        const other = changed(object, steps, name, value);
        const { isAccepted, message, object: kept } = await cluster.judge(other);
        // A null is as if nothing were said: what is kept has none.
        const made = documentOf(isAccepted ? kept : other, CONTEXT);
        const faults = 'faults' in made ? made.faults.map((each) => each.message) : [];
        const isLeft = faults.length > 0 && faults.every((each) => CONTROLLER_ALONE.some((told) => told.test(each)));
        if (isAccepted) expect(isLeft ? [] : faults).toEqual([]);
        // Which kinds of policies there are, the compiler knows of documents, and not their schema.
        else if (!message.includes('policyRef.name: Unsupported value'))
          expect([message, faults.length > 0]).toEqual([message, true]);
        counts[isAccepted ? (isLeft ? 'controller' : 'both') : 'neither'] += 1;
      }),
      { numRuns: 4 * RUNS },
    );
    // Otherwise it shows nothing.
    expect(counts.both).toBeGreaterThan(RUNS / 4);
    expect(counts.neither).toBeGreaterThan(RUNS / 2);
  });
});
