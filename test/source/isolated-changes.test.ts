import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Compiler } from '../../src/document/compiler.ts';
import { Faults } from '../../src/document/fault.ts';
import type { Loaded } from '../../src/document/load.ts';
import { referenceFrom } from '../../src/document/names.ts';
import type { Kind } from '../../src/document/schema.ts';
import { createApiIndex } from '../../src/snapshot/api-index.ts';
import type { Api, Snapshot } from '../../src/snapshot/snapshot.ts';
import { Compiling } from '../../src/source/compiling.ts';
import { keyFor, keyOf } from '../../src/source/document-keys.ts';
import { options } from '../document/documents.ts';
import { resource } from './memory-source.ts';

const compare = (a: string, b: string): number => (a < b ? -1 : 1);

const NAMES = ['a', 'b', 'c'];
const labels = fc.constantFrom({}, { team: 'x' });
const gate = fc.record({
  policyRef: fc.constant({ name: 'gate' }),
  config: fc.record({ refuse: fc.constantFrom(false, false, true) }),
});
const change = fc.oneof(
  fc.record({
    kind: fc.constant('Api' as const),
    name: fc.constantFrom(...NAMES),
    spec: fc.record(
      {
        hosts: fc.constantFrom(['a.example'], ['*.example'], ['a.example', 'b.example']),
        basePath: fc.constantFrom('/', '/a', '/a/b', '/a/b/c', '/d'),
        policies: fc.array(gate, { maxLength: 1 }),
      },
      { requiredKeys: ['basePath', 'policies'] },
    ),
    labels,
  }),
  fc.record({
    kind: fc.constant('Contract' as const),
    name: fc.constantFrom(...NAMES),
    spec: fc.record({
      api: fc.constantFrom(...NAMES),
      clientApplication: fc.constantFrom('web', 'app'),
      status: fc.constantFrom('approved', 'revoked'),
    }),
    labels: fc.constant({}),
  }),
  fc.record({
    kind: fc.constant('PolicyBinding' as const),
    name: fc.constantFrom('p', 'q'),
    spec: fc.tuple(gate, fc.constantFrom({ team: 'x' }, { team: 'y' })).map(
      ([
        {
          policyRef,
          config: { refuse },
        },
        team,
      ]) => ({
        policyRef,
        config: { refuse, header: 'x-p' },
        targetRef: { kind: 'Selector', selector: { labels: team } },
      }),
    ),
    labels: fc.constant({}),
  }),
  fc.record({
    kind: fc.constant('ClientApplication' as const),
    name: fc.constantFrom('web', 'app'),
    spec: fc.constantFrom({ clientId: 'web' }, { clientId: 'app' }),
    labels: fc.constant({}),
  }),
);
const step = fc.record({
  upserts: fc.array(change, { maxLength: 4 }),
  removals: fc.array(
    fc.record({
      kind: fc.constantFrom<Kind>('Api', 'Contract', 'PolicyBinding', 'ClientApplication'),
      name: fc.constantFrom(...NAMES, 'p', 'q', 'web', 'app'),
    }),
    { maxLength: 2 },
  ),
  isComplete: fc.boolean(),
});

/** Everything that decides who may call an API, as text; empty: there is no such API. */
function unitOf(name: string, documents: ReadonlyMap<string, Loaded>): string {
  const own = documents.get(keyFor('Api', name))?.document;
  if (own === undefined) return '';
  const belongs = [...documents.values()].filter(({ document: { kind, metadata, spec } }) => {
    if (kind === 'Contract') return referenceFrom(metadata, spec.api) === name;
    if (kind !== 'PolicyBinding' || spec.targetRef.kind !== 'Selector') return false;
    return Object.entries(spec.targetRef.selector.labels).every(([key, value]) => own.metadata.labels?.[key] === value);
  });
  return JSON.stringify(
    [own, ...belongs.map((each) => each.document)].map((each) => JSON.stringify(each)).toSorted(compare),
  );
}

const PROBES = ['a.example', 'b.example', 'c.test'].flatMap((host) =>
  ['/', '/a', '/a/b', '/a/b/c', '/d'].map((path) => [host, path] as const),
);
const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** Names of the APIs that a request is for; several where two have the same place. None: ''. */
function namesFor([host, path]: (typeof PROBES)[number], documents: ReadonlyMap<string, Loaded>): ReadonlySet<string> {
  const apis = NAMES.map((name) => documents.get(keyFor('Api', name))?.document);
  return new Set(
    ORDERS.map((order) => {
      const ordered = order.flatMap((at) => {
        const document = apis[at];
        if (document?.kind !== 'Api') return [];
        const { hosts = [], basePath } = document.spec;
        return [{ name: document.metadata.name, hosts, basePath } as unknown as Api];
      });
      return createApiIndex(ordered)(host, path)?.name ?? '';
    }),
  );
}

type Steps = (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[];

/** Once 1 in 10,000 runs: an application was put back to what it was when it had to wait for the first time. */
const CHANGED_WHILE_NOTHING_WAS_SERVED = [
  {
    upserts: [
      { kind: 'ClientApplication', name: 'app', spec: { clientId: 'web' }, labels: {} },
      {
        kind: 'PolicyBinding',
        name: 'p',
        spec: {
          policyRef: { name: 'gate' },
          config: { refuse: false, header: 'x-p' },
          targetRef: { kind: 'Selector', selector: { labels: { team: 'x' } } },
        },
        labels: {},
      },
    ],
    removals: [],
    isComplete: false,
  },
  {
    upserts: [{ kind: 'ClientApplication', name: 'app', spec: { clientId: 'app' }, labels: {} }],
    removals: [],
    isComplete: false,
  },
  {
    upserts: [{ kind: 'Api', name: 'a', spec: { basePath: '/', policies: [] }, labels: { team: 'x' } }],
    removals: [],
    isComplete: false,
  },
];

it('changes that a source tells never put a state of an API in force that nobody wanted, and end with what is wanted once it has no faults', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), fc.boolean(), async (steps, startsEmpty) => {
      const compiling = new Compiling({ ...options, isolates: true, tellsChanges: true });
      const wanted = new Map<string, Loaded>();
      const units = new Map(NAMES.map((name) => [name, new Set([''])]));
      const common = {
        readAt: 0,
        readFile: () => Promise.reject(new Error('no files')),
        stillHolds: async () => true,
      };
      let latest: Compiler | undefined;
      let snapshot: Snapshot | undefined;
      /** By request: what decides it, in each state that was wanted. */
      const deciding = new Map(PROBES.map((probe) => [probe, new Set<string>()]));
      const noteWanted = (): void => {
        for (const [name, known] of units) known.add(unitOf(name, wanted));
        for (const [probe, known] of deciding)
          for (const name of namesFor(probe, wanted)) known.add(unitOf(name, wanted));
      };
      const deliver = async (set: Parameters<Compiling['take']>[0]['set']) => {
        const taken = await compiling.take({ ...common, set }, latest, latest);
        latest = taken.compiler;
        if (taken.compiled.snapshot !== undefined) {
          ({ snapshot } = taken.compiled);
          compiling.inForce(taken.compiler, snapshot);
        }
        return taken;
      };
      const all = () =>
        ({ complete: true, documents: [...wanted.values()], broken: [], faults: new Faults(), sources: [] }) as const;
      if (startsEmpty) {
        noteWanted();
        await deliver(all());
      }
      for (const { upserts, removals, isComplete } of steps) {
        const loaded = upserts.map((each) => resource(each.kind, each.name, each.spec, { labels: each.labels }));
        for (const { kind, name } of removals) wanted.delete(keyFor(kind, name));
        for (const each of loaded) wanted.set(keyOf(each), each);
        noteWanted();
        const taken = await deliver(
          isComplete || snapshot === undefined ? all() : { complete: false, upserts: loaded, removals },
        );
        const documents = new Map([...taken.compiler.documents()].map((each) => [keyOf(each), each]));
        if (snapshot?.withheld === undefined) {
          const isWithheld = (name: string): boolean => documents.get(keyFor('Api', name))?.withheld !== undefined;
          for (const [name, known] of units) if (!isWithheld(name)) expect(known).toContain(unitOf(name, documents));
          for (const [[host, path], known] of deciding) {
            const name = snapshot?.apiFor(host, path)?.name ?? '';
            if (!isWithheld(name)) expect(known).toContain(unitOf(name, documents));
          }
        }
        if (taken.faults.length > 0) continue;
        const text = (them: Iterable<Loaded>) =>
          [...them].map((each) => JSON.stringify(each.document)).toSorted(compare);
        expect(text(documents.values())).toEqual(text(wanted.values()));
      }
      latest?.close();
    }),
    { numRuns: 300, examples: [[CHANGED_WHILE_NOTHING_WAS_SERVED as unknown as Steps, false]] },
  );
});
