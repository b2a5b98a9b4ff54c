// How long lists and approvals take each role: 50 teams with 20 people each, 10,000 applications and as many APIs, and
// 100,000 contracts, one in ten of them with an application of another team. As the methods answer, in this process, in
// SQLite: who calls is looked up, and a page of 100 is read and encoded. Run: node bench/people.ts [rounds]
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { ApproveRequestSchema, ApproveResponseSchema, ContractState } from '../gen/ostiary/v1/contracts_pb.js';
import { ListRequestSchema, ListResponseSchema } from '../gen/ostiary/v1/resources_pb.js';
import { PLATFORM_TEAM } from '../src/access/caller.ts';
import type { Role } from '../src/access/caller.ts';
import { systemClock, systemTimers } from '../src/clock.ts';
import { Changing } from '../src/control/changing.ts';
import { contractMethods } from '../src/control/contract-service.ts';
import { controlledAccess } from '../src/control/controlled-access.ts';
import { CurrentIndex } from '../src/control/current-index.ts';
import { resourceMethods } from '../src/control/resource-service.ts';
import { egressRules } from '../src/egress/rules.ts';
import type { Call, Method } from '../src/grpc/rpc.ts';
import { policyKinds } from '../src/policies/index.ts';
import type { Write } from '../src/registry/log.ts';
import type { Receipts } from '../src/registry/receipt.ts';
import { openRegistry } from '../src/registry/open.ts';
import { fetchesNothing, offlineEnvironment } from '../src/serve/offline-environment.ts';
import { APPS, CONTRACTS, median, NAMESPACES, wholeCompany } from './company.ts';
import type { CompanyDocument } from './company.ts';

const ROUNDS = Number(process.argv[2] ?? 15);
const BATCH = 5000;
const MIXED: readonly (readonly [Role, number])[] = [
  ['admin', 1],
  ['owner', 4],
  ['developer', 9],
  ['viewer', 4],
  ['auditor', 2],
];
interface Listed {
  readonly ms: number;
  readonly cpuMs: number;
  readonly total: number;
}

type ListRequest = MessageInitShape<typeof ListRequestSchema>;

const LISTS: readonly (readonly [string, ListRequest])[] = [
  ['contracts', { kinds: ['Contract'] }],
  ['contracts that wait for a decision', { kinds: ['Contract'], where: { 'spec.status': 'pending' } }],
  ['contracts of one API', { kinds: ['Contract'], where: { 'spec.api': 'api-7' } }],
  ['applications', { kinds: ['ClientApplication'] }],
  ['APIs', { kinds: ['Api'] }],
  ['APIs with a label', { kinds: ['Api'], labels: { team: 'team-9' } }],
  ['all kinds', {}],
  ['search of two words over all kinds', { search: 'number 4711' }],
  ['search that finds nothing', { search: 'nothing-of-this' }],
];
const CALLERS: readonly (readonly [Role, string])[] = [
  ...MIXED.map(([role]) => [role, 'team-7'] as const),
  ...(['admin', 'viewer', 'auditor'] as const).map((role) => [role, PLATFORM_TEAM] as const),
];
const HEADER = { apiVersion: 'ostiary.dev/v1alpha1', kind: 'Team' };

const userOf = (team: string, role: Role, at = 0): string => `${role}-${at}.${team}@example.com`;

function teamOf(name: string, namespaces: readonly string[]): CompanyDocument {
  const members = MIXED.flatMap(([role, count]) =>
    Array.from({ length: count }, (_, at) => ({ user: userOf(name, role, at), role })),
  );
  return { ...HEADER, metadata: { name, namespace: PLATFORM_TEAM }, spec: { namespaces, members } };
}

/**
 * Half of the APIs are in the catalog. The last ten thousand contracts are with applications of the next team, and some of them
 * are not decided yet.
 */
function acrossTeams(document: CompanyDocument, at: number): CompanyDocument {
  const { kind, metadata, spec } = document;
  if (kind === 'Api' && at % 2 === 0)
    return { ...document, metadata: Object.assign({ lifecycle: 'published', visibility: 'internal' }, metadata) };
  if (kind !== 'Contract' || at < APPS * 2 + CONTRACTS - APPS) return document;
  const app = (at + 1) % APPS;
  const across = { ...spec, clientApplication: `team-${app % NAMESPACES}/app-${app}` };
  return { ...document, spec: at % NAMESPACES === 7 ? { ...across, status: 'pending' } : across };
}

const nobodyWaits: Receipts = { of: () => Promise.reject(new Error('no receipt is asked for')) };

const dataDir = mkdtempSync(join(tmpdir(), 'ostiary-bench-'));
const ports = { clock: systemClock, timers: systemTimers, random: Math.random, randomBytes };
const { registry, close } = await openRegistry({ dataDir, databaseUrl: undefined }, ports);
const offline = offlineEnvironment({ transport: fetchesNothing, rules: egressRules([]) }, randomBytes);

try {
  const teams = Array.from({ length: NAMESPACES }, (_, at) => teamOf(`team-${at}`, [`team-${at}`]));
  const documents = [...wholeCompany().map(acrossTeams), teamOf(PLATFORM_TEAM, []), ...teams];
  for (let at = 0; at < documents.length; at += BATCH) {
    const writes = documents.slice(at, at + BATCH).map((document): Write => {
      const { kind, metadata } = document;
      return { key: { kind, namespace: metadata.namespace, name: metadata.name }, document, owner: 'api', set: '' };
    });
    await registry.write(writes, { actor: 'bench', reason: '' });
  }
  const index = new CurrentIndex(registry);
  const { environment } = offline;
  const changing = new Changing({ registry, index, policyKinds, environment, clock: systemClock, vault: undefined });
  const access = controlledAccess(async ({ authorization = '' }) => {
    return { name: `user:${authorization}`, credential: 'session:1', address: '', isBootstrap: false, groups: [] };
  }, index);
  const writing = { registry, index, changing, access, receipts: nobodyWaits, policyKinds, clock: systemClock };
  const methods = [...resourceMethods(writing), ...contractMethods(writing)];
  await index.current();

  const list = async (user: string, request: ListRequest): Promise<Listed> => {
    const [began, cpu] = [performance.now(), process.cpuUsage()];
    const bytes = toBinary(ListRequestSchema, create(ListRequestSchema, request));
    const answer = await call(methods, 'ResourceService/List', user, bytes);
    return {
      ms: performance.now() - began,
      cpuMs: cpuMsSince(cpu),
      total: fromBinary(ListResponseSchema, answer).total,
    };
  };
  // The first calls compile what the later ones run.
  for (const [, request] of LISTS)
    for (let round = 0; round < ROUNDS; round += 1) await list(userOf('team-8', 'owner'), request);
  for (const [role, team] of CALLERS) {
    let slowest = { middle: 0, what: '' };
    for (const [what, request] of LISTS) {
      const lists: Awaited<ReturnType<typeof list>>[] = [];
      for (let round = 0; round < ROUNDS; round += 1) lists.push(await list(userOf(team, role), request));
      const times = lists.map(({ ms }) => ms);
      const middle = median(times);
      if (middle > slowest.middle) slowest = { middle, what };
      const cpuMs = median(lists.map((each) => each.cpuMs));
      const told = `median ${middle.toFixed(1)} ms, best ${Math.min(...times).toFixed(1)} ms, CPU time ${cpuMs.toFixed(1)} ms`;
      console.log(`${role} of ${team}: ${what}, ${lists[0]?.total} in all:`.padEnd(78), told);
    }
    console.log(`${role} of ${team}: the slowest list takes ${slowest.middle.toFixed(1)} ms: ${slowest.what}\n`);
  }

  const pending = documents.flatMap((document) =>
    document.kind === 'Contract' && (document.spec as { status?: string }).status === 'pending'
      ? [document.metadata]
      : [],
  );
  const times: number[] = [];
  const cpuTimes: number[] = [];
  for (const { namespace, name } of pending.slice(0, ROUNDS)) {
    const [began, cpu] = [performance.now(), process.cpuUsage()];
    const bytes = toBinary(ApproveRequestSchema, create(ApproveRequestSchema, { namespace, name, reason: 'measured' }));
    const answer = await call(methods, 'ContractService/Approve', userOf(namespace, 'owner'), bytes);
    times.push(performance.now() - began);
    cpuTimes.push(cpuMsSince(cpu));
    const { contract } = fromBinary(ApproveResponseSchema, answer);
    if (contract?.state !== ContractState.APPROVED) throw new Error(`${name} is not approved: ${contract?.state}`);
  }
  const told = `median ${median(times).toFixed(1)} ms, best ${Math.min(...times).toFixed(1)} ms`;
  console.log(`an approval takes ${told}, CPU time ${median(cpuTimes).toFixed(1)} ms`);
} finally {
  offline.close();
  await close();
  rmSync(dataDir, { recursive: true, force: true });
}

/** Of this process, which other programs on the machine hardly change. */
function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function call(methods: readonly Method[], name: string, user: string, bytes: Uint8Array): Promise<Uint8Array> {
  const method = methods.find(({ path }) => path === `/ostiary.v1.${name}`);
  if (method?.kind !== 'unary') throw new Error(`there is no ${name}`);
  const asked: Call = { deadline: Infinity, signal: new AbortController().signal, authorization: user };
  return method.handle(bytes, asked);
}
