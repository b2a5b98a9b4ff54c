import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Compiler } from '../../src/document/compiler.ts';
import type { Compiled } from '../../src/document/compiler.ts';
import { Faults, formatFault } from '../../src/document/fault.ts';
import type { Loaded } from '../../src/document/load.ts';
import { qualifiedName } from '../../src/document/names.ts';
import type { Kind } from '../../src/document/schema.ts';
import { options } from '../document/documents.ts';
import { resource } from './memory-source.ts';

const compilerOptions = { ...options, readFile: () => Promise.reject(new Error('has no files')) };
const NAMESPACES = ['default', 'shop', 'platform'];
const CLIENT_IDS = ['one', 'two', 'three'];

const named = fc.record({ name: fc.constantFrom('a', 'b'), namespace: fc.constantFrom(...NAMESPACES) });
const gateFields = {
  policyRef: fc.constant({ name: 'gate' }),
  mode: fc.constantFrom('enforce', 'shadow'),
  order: fc.integer({ min: 0, max: 2 }),
  config: fc.record({
    header: fc.constantFrom('x-a', 'x-b', 'x_a'),
    refuse: fc.constantFrom(false, false, false, true),
    text: fc.constantFrom(undefined, undefined, undefined, '${secret:a/key}'),
  }),
};
const TIER = { name: 'gold', limits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }] };
const specs = {
  Api: fc.record({
    hosts: fc.constantFrom(['a.example.com'], ['b.example.com'], ['a.example.com', '*.example.com'], ['*']),
    basePath: fc.constantFrom('/', '/x', '/x/y'),
    tiers: fc.constantFrom([], [TIER], [{ ...TIER, autoApprove: true }]),
    policies: fc.array(fc.record(gateFields), { maxLength: 2 }),
  }),
  PolicyBinding: fc.record({
    ...gateFields,
    targetRef: fc.constantFrom<object>(
      { kind: 'Selector', selector: { labels: {} } },
      { kind: 'Selector', selector: { labels: { team: 'x' } } },
      { kind: 'Api', name: 'a' },
      { kind: 'Api', name: 'shop/b' },
    ),
  }),
  ClientApplication: fc.record({ clientId: fc.constantFrom(...CLIENT_IDS) }),
  Contract: fc.record({
    api: fc.constantFrom('a', 'b', 'shop/a'),
    clientApplication: fc.constantFrom('a', 'b', 'default/a'),
    tier: fc.constantFrom(undefined, 'gold'),
    status: fc.constantFrom(undefined, 'approved', 'revoked'),
  }),
  Configuration: fc.record({ messages: fc.constantFrom({}, { quota_spent: 'Spent.' }) }),
  Alert: fc.record({
    api: fc.constantFrom(undefined, 'a', 'shop/b'),
    metric: fc.constant('requests'),
    threshold: fc.nat(3),
    window: fc.constant('5m'),
    filter: fc.constantFrom(undefined, { client: 'a' }, { tier: 'gold' }),
    notify: fc.constantFrom([], ['a']),
  }),
  Team: fc.record({ namespaces: fc.constantFrom([], ['shop']) }),
  Subscription: fc.record({ events: fc.constant(['*']), webhooks: fc.constantFrom(['a'], ['b']) }),
  Specification: fc.record({ format: fc.constant('other'), text: fc.constantFrom('one', 'another') }),
  Webhook: fc.record({ url: fc.constantFrom('https://a.example.com/', 'http://127.0.0.1/', '${secret:a/url}') }),
  Secret: fc.record({
    data: fc.constantFrom<object>(
      { key: { value: 'one' }, url: { value: 'https://one.example.com/' } },
      { key: { value: 'two' }, url: { value: 'none' } },
      { other: { value: 'three' } },
    ),
  }),
} satisfies Record<Kind, fc.Arbitrary<object>>;
const kinds = Object.keys(specs) as Kind[];

const upsert = fc.constantFrom(...kinds, 'Api' as const, 'Contract' as const).chain((kind) =>
  fc
    .tuple(named, specs[kind] as fc.Arbitrary<object>, fc.constantFrom({}, { labels: { team: 'x' } }))
    .map(([metadata, spec, labels]) => ({
      kind,
      name: metadata.name,
      spec,
      metadata: { namespace: kind === 'Team' ? 'platform' : metadata.namespace, ...labels },
    })),
);
const removal = fc.record({
  kind: fc.constantFrom(...kinds),
  key: fc.constantFrom('a', 'b', 'shop/a', 'shop/b', 'platform/a'),
});
const changes = fc.array(
  fc.record({ upserts: fc.array(upsert, { maxLength: 4 }), removals: fc.array(removal, { maxLength: 2 }) }),
  { minLength: 1, maxLength: 8 },
);

const HOSTS = ['a.example.com', 'b.example.com', 'c.example.com', ''];
const PATHS = ['/', '/x', '/x/y', '/z'];

/** Of faults, what does not depend on which document came first, nor on what else had a like name then. */
function pictureOf(compiled: Compiled): unknown {
  if (compiled.snapshot === undefined)
    return {
      faults: compiled.faults.map(({ field, message }) => `${field}: ${message.split(/: |; | in this/)[0]}`).toSorted(),
    };
  const { version, apis, directory, contractCount, clientApplications, identityHeaders, reasons, ...rest } =
    compiled.snapshot;
  return {
    version,
    apis: apis.map((api) => ({
      api: api.name,
      hosts: api.hosts,
      tiers: api.tiers,
      identityHeaders: [...api.identityHeaders.names].toSorted(),
      access: api.access.map(({ name, mode, order }) => ({ name, mode, order })),
      found: rest.apiNamed(api.name) === api,
    })),
    found: HOSTS.flatMap((host) => PATHS.map((path) => rest.apiFor(host, path)?.name)),
    clients: CLIENT_IDS.map((id) => directory.client(id)?.name),
    contracts: CLIENT_IDS.flatMap((id) =>
      apis.map((api) => {
        const contract = directory.contract(id, api.name);
        return contract && [contract, contract.client === directory.client(id)];
      }),
    ),
    every: [...rest.contracts()].map(({ name }) => name).toSorted(),
    counts: { contractCount, clientApplications },
    identityHeaders: [...identityHeaders.names].toSorted(),
    spent: reasons.quota_spent.sentence,
    warnings: compiled.warnings.map(formatFault).toSorted(),
    alerts: compiled.alerting.rules,
    webhooks: [...compiled.alerting.webhooks.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

const keyOf = ({ document }: Loaded): string => `${document.kind} ${qualifiedName(document.metadata)}`;

describe('changes, one after the other', () => {
  it('come to what all documents come to at once', async () => {
    await fc.assert(
      fc.asyncProperty(changes, async (sets) => {
        const compiler = new Compiler(compilerOptions);
        const dropped = new Set<unknown>();
        const model = new Map<string, Loaded>();
        const empty = { complete: true, documents: [], broken: [], faults: new Faults(), sources: [] } as const;
        await compiler.apply(empty);
        for (const { upserts, removals } of sets) {
          const loaded = upserts.map(({ kind, name, spec, metadata }) => resource(kind, name, spec, metadata));
          for (const { kind, key } of removals) model.delete(`${kind} ${key}`);
          for (const one of loaded) model.set(keyOf(one), one);
          const changed = await compiler.apply({
            complete: false,
            upserts: loaded,
            removals: removals.map(({ kind, key }) => ({ kind, name: key })),
          });
          if (changed.snapshot !== undefined) {
            for (const gone of compiler.takeDropped()) {
              expect(dropped.has(gone)).toBe(false);
              dropped.add(gone);
            }
            for (const { access } of changed.snapshot.apis) {
              expect(access.filter(({ policy }) => dropped.has(policy))).toEqual([]);
            }
          }
          const anew = await new Compiler(compilerOptions).apply({
            ...empty,
            faults: new Faults(),
            documents: [...model.values()],
          });
          expect(pictureOf(changed)).toEqual(pictureOf(anew));
        }
        compiler.close();
      }),
      { numRuns: 150 },
    );
  });
});
