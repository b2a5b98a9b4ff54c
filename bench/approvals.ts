// What an approval takes at the control plane, from the bytes of its request to those of its answer, with 10,000 APIs, 10,000
// client applications and 100,000 contracts in SQLite. Run: node bench/approvals.ts
import { create, toBinary } from '@bufbuild/protobuf';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApproveRequestSchema } from '../gen/ostiary/v1/contracts_pb.js';
import { systemClock, systemTimers } from '../src/clock.ts';
import { Changing } from '../src/control/changing.ts';
import { contractMethods } from '../src/control/contract-service.ts';
import { CurrentIndex } from '../src/control/current-index.ts';
import { egressRules } from '../src/egress/rules.ts';
import { policyKinds } from '../src/policies/index.ts';
import type { Write } from '../src/registry/log.ts';
import { openRegistry } from '../src/registry/open.ts';
import { fetchesNothing, offlineEnvironment } from '../src/serve/offline-environment.ts';
import { contractOf, median, NAMESPACES, quantile, wholeCompany } from './company.ts';
import { cpuMsOf } from './process-use.ts';

const BATCH = 5000;
const ROUNDS = 300;
/** The first are not told: functions are compiled then. */
const WARM = 50;

const dataDir = mkdtempSync(join(tmpdir(), 'ostiary-bench-'));
const clock = systemClock;
const { registry, close } = await openRegistry(
  { dataDir, databaseUrl: undefined },
  { clock, timers: systemTimers, random: Math.random, randomBytes },
);
const teams = Array.from({ length: NAMESPACES }, (_, at) => ({
  apiVersion: 'ostiary.dev/v1alpha1',
  kind: 'Team',
  metadata: { name: `team-${at}`, namespace: 'platform' },
  spec: {
    namespaces: [`team-${at}`],
    members: Array.from({ length: 20 }, (__, user) => ({
      user: `user-${user}-of-${at}@example.com`,
      role: user === 0 ? 'owner' : 'developer',
    })),
  },
}));
const documents = [...wholeCompany(), ...teams];
for (let at = 0; at < documents.length; at += BATCH) {
  const writes = documents.slice(at, at + BATCH).map((document): Write => {
    const { kind, metadata } = document;
    const { namespace, name } = metadata;
    const number = Number(name.replace('contract-', ''));
    const isWaiting = kind === 'Contract' && number < ROUNDS;
    const written = isWaiting ? contractOf(number, 'pending') : document;
    return { key: { kind, namespace, name }, document: written, owner: 'api', set: '' };
  });
  await registry.write(writes, { actor: 'bench', reason: '' });
}
const index = new CurrentIndex(registry);
await index.current();
const { environment, close: closeEnvironment } = offlineEnvironment(
  { transport: fetchesNothing, rules: egressRules([]) },
  randomBytes,
);
const changing = new Changing({ registry, index, policyKinds, environment, clock, vault: undefined });
let approver = '';
const methods = contractMethods({
  registry,
  index,
  changing,
  clock,
  receipts: { of: () => Promise.reject(new Error('nobody waits')) },
  access: async () => ({
    name: approver,
    credential: 'session:1',
    address: '',
    isBootstrap: false,
    groups: [],
    grants: [],
  }),
});
const approve = methods.find(({ path }) => path.endsWith('/Approve'));
if (approve?.kind !== 'unary') throw new Error('there is no such method');
const times: number[] = [];
let cpuMs = 0;
for (let round = 0; round < ROUNDS; round += 1) {
  approver = `user:user-0-of-${round % NAMESPACES}@example.com`;
  const request = { namespace: `team-${round % NAMESPACES}`, name: `contract-${round}`, reason: 'measured' };
  const bytes = toBinary(ApproveRequestSchema, create(ApproveRequestSchema, request));
  if (round === WARM) cpuMs = cpuMsOf(process.pid);
  const begin = performance.now();
  await approve.handle(bytes, { authorization: undefined } as Parameters<typeof approve.handle>[1]);
  if (round >= WARM) times.push(performance.now() - begin);
}
const each = (cpuMsOf(process.pid) - cpuMs) / times.length;
const ms = (value: number): string => `${value.toFixed(1)} ms`;
process.stdout.write(
  `${times.length} approvals: median ${ms(median(times))}, p99 ${ms(quantile(times, 0.99))}, best ${ms(Math.min(...times))}; CPU time each ${ms(each)}\n`,
);
closeEnvironment();
await close();
rmSync(dataDir, { recursive: true });
