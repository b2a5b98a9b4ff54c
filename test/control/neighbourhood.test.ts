import fc from 'fast-check';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { Checking, schemaFaults } from '../../src/control/checking.ts';
import type { CheckedChange } from '../../src/control/checking.ts';
import { keyOf } from '../../src/control/facts.ts';
import { ResourceIndex } from '../../src/control/resource-index.ts';
import { compile } from '../../src/document/compile.ts';
import { DocumentReader } from '../../src/document/load.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { keyText } from '../../src/registry/conflict.ts';
import type { Resource, ResourceKey } from '../../src/registry/log.ts';
import { policyEnvironment } from '../policies/environment.ts';
import { api, app, contract, document } from './fixture.ts';

const environment = policyEnvironment();

/** A state that is changed as the control plane changes it. */
class State {
  readonly resources = new Map<string, Resource>();
  readonly index = new ResourceIndex();
  revision = 0;

  readonly checking = new Checking({
    policyKinds,
    environment,
    clock: systemClock,
    vault: undefined,
    resources: async (keys) => keys.flatMap((key) => this.resources.get(keyText(key)) ?? []),
  });

  changeOf(key: ResourceKey, to: unknown): CheckedChange {
    return { key, before: this.resources.get(keyText(key)), document: to };
  }

  put(changes: readonly CheckedChange[]): void {
    for (const { key, before, document: to } of changes) {
      this.revision += 1;
      if (to === undefined) {
        this.resources.delete(keyText(key));
        this.index.remove(key);
        continue;
      }
      const { revision } = this;
      const createdRevision = before?.createdRevision ?? revision;
      const resource = { ...key, revision, createdRevision, at: 0, owner: 'api' as const, set: '', document: to };
      this.resources.set(keyText(key), resource);
      this.index.put(resource);
    }
  }

  /** What the compiler says of everything. */
  async whole(changes: readonly CheckedChange[]): Promise<readonly string[]> {
    const after = new Map(
      [...this.resources].map(([text, { document: of, createdRevision }]) => [text, [of, createdRevision] as const]),
    );
    for (const [at, { key, before, document: to }] of changes.entries()) {
      if (to === undefined) after.delete(keyText(key));
      else after.set(keyText(key), [to, before?.createdRevision ?? this.revision + 1 + at]);
    }
    const reader = new DocumentReader();
    for (const [resource, [of]] of after) reader.addDocument({ resource }, of, []);
    const documents = reader.documents.map((loaded) => {
      const resource = 'resource' in loaded.place ? loaded.place.resource : '';
      return { ...loaded, createdAt: after.get(resource)?.[1] ?? 0 };
    });
    const { broken, faults } = reader;
    const options = {
      policyKinds,
      environment,
      clock: systemClock,
      env: {},
      readFile: () => Promise.reject(new Error('none')),
    };
    const compiled = await compile({ complete: true, documents, broken, faults, sources: [] }, options);
    if (compiled.snapshot === undefined) return compiled.faults.map(({ file, field }) => `${file}: ${field}`);
    compiled.dispose();
    return [];
  }
}

const namespace = fc.constantFrom('default', 'shop', 'platform');
const name = fc.constantFrom('a', 'b');
const tier = fc.constantFrom('gold', 'silver');
const labels = fc.constantFrom({}, { team: 'one' }, { team: 'two' });
const spread = (given: object): object => given;

/** Those of the platform may name others. */
const reference = fc.constantFrom('a', 'b', 'shop/a');

const SETS_HEADER = {
  policyRef: { name: 'header-injection' },
  config: { inboundHeaders: [{ key: 'x-a', value: '1' }] },
};
const READS_HEADER = {
  policyRef: { name: 'rate-limiting' },
  config: { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }] },
  rules: [{ headers: { 'x-a': '1' } }],
};
const KNOWS_CLIENTS = { policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } };
const LIMITS_BY_TIER = { policyRef: { name: 'rate-limiting-sla' }, config: {} };

const anyDocument = fc.oneof(
  fc
    .record({
      name,
      namespace,
      labels,
      host: fc.constantFrom('a.example.com', 'b.example.com', 'c.example.com', 'd.example.com'),
      tiers: fc.uniqueArray(tier, { maxLength: 2 }),
      policies: fc.uniqueArray(fc.constantFrom(SETS_HEADER, READS_HEADER, KNOWS_CLIENTS, LIMITS_BY_TIER), {
        maxLength: 3,
      }),
    })
    .map(({ name: own, host, tiers, policies, ...metadata }) => {
      const limits = [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }];
      return spread(
        api(own, { hosts: [host], tiers: tiers.map((each) => ({ name: each, limits })), policies }, metadata),
      );
    }),
  fc
    .record({
      name,
      namespace,
      clientId: fc.constantFrom('one', 'two', 'three', 'four'),
      key: fc.constantFrom('k1', 'k2'),
    })
    .map(({ name: own, clientId, key, ...metadata }) =>
      spread(app(own, { clientId, apiKeys: [{ id: key, salt: 's', sha256: 'a'.repeat(64) }] }, metadata)),
    ),
  fc
    .record({ name, namespace, client: reference, of: reference, tier })
    .map(({ name: own, client, of, tier: wanted, ...metadata }) =>
      spread(contract(own, client, of, { tier: wanted }, metadata)),
    ),
  fc
    .record({
      name,
      namespace,
      target: fc.oneof(
        reference.map((of) => ({ kind: 'Api', name: of })),
        labels.map((wanted) => ({ kind: 'Selector', selector: { labels: wanted } })),
      ),
      policy: fc.constantFrom(SETS_HEADER, READS_HEADER, KNOWS_CLIENTS, LIMITS_BY_TIER),
    })
    .map(({ name: own, target, policy, ...metadata }) =>
      spread(document('PolicyBinding', own, { targetRef: target, ...policy }, metadata)),
    ),
  fc
    .record({
      name,
      namespace,
      of: fc.option(reference, { nil: undefined }),
      tier: fc.option(tier, { nil: undefined }),
    })
    .map(({ name: own, of, tier: wanted, ...metadata }) =>
      spread(
        document(
          'Alert',
          own,
          {
            metric: 'requests',
            ...(of !== undefined && { api: of }),
            ...(wanted !== undefined && { filter: { tier: wanted } }),
            threshold: 5,
            window: '5m',
            severity: 'warning',
            notify: [],
          },
          metadata,
        ),
      ),
    ),
);

const anyChange = fc.record({ of: anyDocument, isDeletion: fc.boolean() });
const anyRequests = fc.array(fc.array(anyChange, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 });

test('what is checked around a change says of it what the compiler would say of everything', async () => {
  let accepted = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(anyRequests, async (requests) => {
      const state = new State();
      for (const request of requests) {
        const changes = new Map<string, CheckedChange>();
        for (const { of, isDeletion } of request) {
          const key = keyOf(of);
          if (key === undefined || schemaFaults(key, of, []).length > 0) continue;
          if (isDeletion && !state.resources.has(keyText(key))) continue;
          changes.set(keyText(key), state.changeOf(key, isDeletion ? undefined : of));
        }
        const all = [...changes.values()];
        if (all.length === 0) continue;
        const before = { index: state.index, history: '', revision: state.revision };
        const around = await state.checking.check(all, before, undefined);
        const whole = await state.whole(all);
        const told = around.faults.map(({ file, field, message }) => `${file}: ${field}: ${message}`);
        expect({ told, isFaulty: told.length > 0 }).toEqual({ told, isFaulty: whole.length > 0 });
        if (whole.length > 0) refused += 1;
        else {
          accepted += 1;
          state.put(all);
        }
      }
    }),
    { numRuns: Number(process.env['NEIGHBOURHOOD_RUNS'] ?? 150) },
  );
  expect(accepted).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(50);
}, 120_000);
