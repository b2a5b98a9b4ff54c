/**
 * What a change of one contract costs among many: `node bench/changes.ts [contracts, 100000]`.
 * The documents come by name, as from a source that tells changes; each change is compiled and in force.
 */
import { systemClock } from '../src/clock.ts';
import { Compiler } from '../src/document/compiler.ts';
import { Faults } from '../src/document/fault.ts';
import type { Loaded } from '../src/document/load.ts';
import { documentSchemas } from '../src/document/schema.ts';
import { policyKinds } from '../src/policies/index.ts';
import { policyEnvironment } from '../test/policies/environment.ts';

const ROUNDS = 1000;
const count = Number(process.argv[2] ?? 100_000);

function resource(kind: keyof typeof documentSchemas, name: string, spec: object): Loaded {
  const written = { apiVersion: 'ostiary.dev/v1alpha1', kind, metadata: { name }, spec };
  return { place: { resource: `${kind}/${name}` }, document: documentSchemas[kind].parse(written) };
}

const TIERS = [{ name: 'gold', limits: [{ maximumRequests: 100, timePeriodInMilliseconds: 1000 }] }];
const contract = (i: number, status: string): Loaded => {
  const spec = { clientApplication: `client-${i}`, api: `api-${i % 100}`, tier: 'gold', status };
  return resource('Contract', `contract-${i}`, spec);
};
const documents = [
  ...Array.from({ length: 100 }, (_, i) => resource('Api', `api-${i}`, { basePath: `/api-${i}`, tiers: TIERS })),
  ...Array.from({ length: count }, (_, i) => resource('ClientApplication', `client-${i}`, { clientId: `id-${i}` })),
  ...Array.from({ length: count }, (_, i) => contract(i, 'approved')),
];

const environment = policyEnvironment();
const compiler = new Compiler({
  policyKinds,
  environment,
  env: {},
  readFile: () => Promise.reject(new Error('no files')),
  clock: systemClock,
});
const startedAt = performance.now();
const first = await compiler.apply({ complete: true, documents, broken: [], faults: new Faults(), sources: [] });
if (first.snapshot === undefined) throw new Error(first.faults[0]?.message);
console.log(`all of ${count}       ${(performance.now() - startedAt).toFixed(0)} ms`);

const tookMs: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const i = (round * 7919) % count;
  const upserts = [contract(i, round % 2 === 0 ? 'revoked' : 'approved')];
  const changedAt = performance.now();
  const { snapshot } = await compiler.apply({ complete: false, upserts, removals: [] });
  tookMs.push(performance.now() - changedAt);
  if (snapshot === undefined) throw new Error('a change has faults');
}
tookMs.sort((a, b) => a - b);
const at = (part: number): string => (tookMs[Math.floor(part * (ROUNDS - 1))] ?? 0).toFixed(3);
console.log(`one contract, ${ROUNDS} times: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms`);
compiler.close();
environment.keySets.close();
