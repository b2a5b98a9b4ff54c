// What the control plane's log costs with many resources: start, lists and search, one change, memory; in SQLite.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../src/clock.ts';
import { Changing } from '../src/control/changing.ts';
import { CurrentIndex } from '../src/control/current-index.ts';
import { selectFrom } from '../src/control/selecting.ts';
import type { Selection } from '../src/control/selecting.ts';
import { egressRules } from '../src/egress/rules.ts';
import { policyKinds } from '../src/policies/index.ts';
import type { Write } from '../src/registry/log.ts';
import { openRegistry } from '../src/registry/open.ts';
import { fetchesNothing, offlineEnvironment } from '../src/serve/offline-environment.ts';

const APIS = 10_000;
const APPS = 10_000;
const CONTRACTS = 100_000;
const NAMESPACES = 50;
const BATCH = 5000;

/** As `npm start` has it, and `engine.ts` once a service has started. */
const FLAGS = ['--max-semi-space-size=4', '--heap-growing-percent=25'];

const HEADER = { apiVersion: 'ostiary.dev/v1alpha1' };
const namespaceOf = (at: number): string => `team-${at % NAMESPACES}`;

function apiOf(at: number) {
  const metadata = {
    name: `api-${at}`,
    namespace: namespaceOf(at),
    displayName: `The API number ${at}`,
    labels: { team: namespaceOf(at) },
  };
  const policies = [
    { policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } },
    { policyRef: { name: 'rate-limiting-sla' }, config: {} },
  ];
  const tiers = [{ name: 'gold', limits: [{ maximumRequests: 100, timePeriodInMilliseconds: 60_000 }] }];
  const spec = { hosts: [`api-${at}.example.com`], basePath: '/v1', tiers, policies };
  return { ...HEADER, kind: 'Api', metadata, spec };
}

function appOf(at: number) {
  const clientSecret = { salt: randomBytes(16).toString('hex'), sha256: randomBytes(32).toString('hex') };
  const spec = { clientId: `client-${at}`, clientSecret };
  return { ...HEADER, kind: 'ClientApplication', metadata: { name: `app-${at}`, namespace: namespaceOf(at) }, spec };
}

function contractOf(at: number, status = 'approved') {
  const app = at % APPS;
  const api =
    (app % NAMESPACES) +
    NAMESPACES * ((Math.floor(at / APPS) * 17 + Math.floor(app / NAMESPACES)) % (APIS / NAMESPACES));
  const spec = { clientApplication: `app-${app}`, api: `api-${api}`, tier: 'gold', status };
  return { ...HEADER, kind: 'Contract', metadata: { name: `contract-${at}`, namespace: namespaceOf(at) }, spec };
}

async function measured<Result>(work: () => Promise<Result> | Result): Promise<{ ms: number; result: Result }> {
  const start = performance.now();
  const result = await work();
  return { ms: performance.now() - start, result };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function tell(what: string, ms: number): void {
  process.stdout.write(`${what.padEnd(64)} ${ms.toFixed(1).padStart(9)} ms\n`);
}

function tellMemory(when: string): void {
  const { rss, heapUsed } = process.memoryUsage();
  const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
  process.stdout.write(`resident ${when.padEnd(55)} ${mib(rss).padStart(12)}, heap ${mib(heapUsed)}\n`);
}

const dataDir = mkdtempSync(join(tmpdir(), 'ostiary-bench-'));
const place = { dataDir, databaseUrl: undefined };
const ports = { clock: systemClock, timers: systemTimers, random: Math.random, randomBytes };

async function fill(): Promise<void> {
  const { registry, close } = await openRegistry(place, ports);
  const documents = [
    ...Array.from({ length: APIS }, (_, at) => apiOf(at)),
    ...Array.from({ length: APPS }, (_, at) => appOf(at)),
    ...Array.from({ length: CONTRACTS }, (_, at) => contractOf(at)),
  ];
  const filling = await measured(async () => {
    for (let at = 0; at < documents.length; at += BATCH) {
      const writes = documents.slice(at, at + BATCH).map((document): Write => {
        const { kind, metadata } = document;
        return { key: { kind, namespace: metadata.namespace, name: metadata.name }, document, owner: 'api', set: '' };
      });
      await registry.write(writes, { actor: 'bench', reason: '' });
    }
  });
  tell(`${documents.length} resources written in transactions of ${BATCH}`, filling.ms);
  await close();
}

async function measure(): Promise<void> {
  const starting = await measured(async () => {
    const opened = await openRegistry(place, ports);
    const index = new CurrentIndex(opened.registry);
    await index.current();
    return { ...opened, index };
  });
  tell('start: database opened, all resources indexed', starting.ms);
  const { registry, index, close } = starting.result;
  tellMemory('after the start');
  const every: Selection = { kinds: [], namespaces: [], labels: {}, where: {}, owner: '', set: '', search: '' };
  const lists: readonly (readonly [string, Selection, string?])[] = [
    ['first 100 contracts of 100,000', { ...every, kinds: ['Contract'] }],
    ['last page of all resources', every, 'contract-99999'],
    ['contracts of one API', { ...every, kinds: ['Contract'], where: { 'spec.api': 'api-77' } }],
    ['contracts of one namespace', { ...every, kinds: ['Contract'], namespaces: ['team-7'] }],
    ['APIs with a label', { ...every, kinds: ['Api'], labels: { team: 'team-7' } }],
    ['search of two words over all kinds', { ...every, search: 'number 4711' }],
    ['search that finds nothing', { ...every, search: 'nothing-of-this' }],
  ];
  for (const [what, selection, after] of lists) {
    const times: number[] = [];
    for (let round = 0; round < 15; round += 1) {
      const last = after === undefined ? undefined : { kind: 'Contract', namespace: 'team-49', name: after };
      const listing = await measured(async () => {
        const state = await index.current();
        const page = selectFrom(state.index, selection, 100, last);
        return registry.resources(page.entries);
      });
      times.push(listing.ms);
    }
    tell(`list: ${what}`, median(times));
  }
  const offline = offlineEnvironment({ transport: fetchesNothing, rules: egressRules([]) }, randomBytes);
  const changing = new Changing({
    registry,
    index,
    policyKinds,
    environment: offline.environment,
    clock: systemClock,
    vault: undefined,
  });
  const changes: readonly (readonly [string, (round: number) => object])[] = [
    ['one contract revoked', (round) => contractOf(round, 'revoked')],
    ['one client changed', (round) => ({ ...appOf(round), spec: { clientId: `client-${round}-new` } })],
    [
      'one API changed, of a namespace with 200',
      (round) => ({ ...apiOf(round), spec: { ...apiOf(round).spec, basePath: '/v2' } }),
    ],
  ];
  for (const [what, documentOf] of changes) {
    const times: number[] = [];
    for (let round = 0; round < 15; round += 1) {
      const writes = [{ document: documentOf(round) as Record<string, unknown>, expectedRevision: undefined }];
      const applying = await measured(() =>
        changing.apply(
          { writes, deletions: [], set: '', prune: false, owner: 'api' },
          { actor: 'bench', reason: 'measured' },
        ),
      );
      if (applying.result.faults.length > 0) throw new Error(JSON.stringify(applying.result.faults));
      times.push(applying.ms);
    }
    tell(`apply: ${what}`, median(times));
  }
  tellMemory('after lists and changes');
  const verifying = await measured(() => registry.verify());
  if (verifying.result.problems.length > 0) throw new Error(verifying.result.problems.join('\n'));
  tell('audit verify', verifying.ms);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  tellMemory('after all of it');
  offline.close();
  await close();
}

try {
  if (process.argv[2] === undefined) {
    await fill();
    const { spawnSync } = await import('node:child_process');
    const { status } = spawnSync(process.execPath, [...FLAGS, import.meta.filename, dataDir], { stdio: 'inherit' });
    process.exitCode = status ?? 1;
  } else {
    Object.assign(place, { dataDir: process.argv[2] });
    await measure();
  }
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
