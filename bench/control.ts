// What the control plane costs with many resources, in SQLite: start, lists and search, one change, memory. First its log and
// its index alone, and then the whole as a process of its own. Run: npm run bundle && node bench/control.ts [starts]
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
import { apiOf, appOf, contractOf, median, wholeCompany } from './company.ts';
import { startControlProcess } from './control-process.ts';
import type { ControlProcess } from './control-process.ts';
import { cpuMsOf, memoryOf } from './process-use.ts';

const BATCH = 5000;
const WRITES = 3000;

/** As `npm start` has it, and `engine.ts` once a service has started. */
const FLAGS = ['--max-semi-space-size=4', '--heap-growing-percent=25'];

async function measured<Result>(work: () => Promise<Result> | Result): Promise<{ ms: number; result: Result }> {
  const start = performance.now();
  const result = await work();
  return { ms: performance.now() - start, result };
}

function tell(what: string, ms: number): void {
  process.stdout.write(`${what.padEnd(64)} ${ms.toFixed(1).padStart(9)} ms\n`);
}

function tellMemory(when: string): void {
  const { rss, heapUsed } = process.memoryUsage();
  const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
  process.stdout.write(`resident ${when.padEnd(55)} ${mib(rss).padStart(12)}, heap ${mib(heapUsed)}\n`);
}

const dataDir = process.argv[3] ?? mkdtempSync(join(tmpdir(), 'ostiary-bench-'));
const place = { dataDir, databaseUrl: undefined };
const ports = { clock: systemClock, timers: systemTimers, random: Math.random, randomBytes };

async function fill(): Promise<void> {
  const { registry, close } = await openRegistry(place, ports);
  const documents = wholeCompany();
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
    ['one client changed', (round) => appOf(round, { clientId: `client-${round}-new` })],
    ['one API changed, of a namespace with 200', (round) => apiOf(round, { basePath: '/v2' })],
  ];
  for (const [what, documentOf] of changes) {
    const times: number[] = [];
    for (let round = 0; round < 15; round += 1) {
      const writes = [{ document: documentOf(round) as Record<string, unknown>, expectedRevision: undefined }];
      const applying = await measured(() =>
        changing.apply(
          { writes, deletions: [], set: '', prune: false, owner: 'api', by: undefined },
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

/** The whole, as a process of its own: it holds more than the index. */
async function measureProcess(starts: number): Promise<void> {
  const [ready, cpu]: [number[], number[]] = [[], []];
  for (let round = 0; round < starts; round += 1) {
    const control = await startControlProcess(dataDir);
    ready.push(control.readyMs);
    cpu.push(cpuMsOf(control.pid));
    if (round === starts - 1) await use(control);
    await control.stop();
  }
  const told = (values: readonly number[]): string =>
    `median ${median(values).toFixed(0)} ms, best ${Math.min(...values).toFixed(0)} ms`;
  process.stdout.write(`process: ready after ${told(ready)}; CPU time until then ${told(cpu)}\n`);
}

async function use(control: ControlProcess): Promise<void> {
  const memory = (when: string): void => {
    const { now, most } = memoryOf(control.pid);
    const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
    process.stdout.write(`process: resident ${when}: ${mb(now)}, at most ${mb(most)}\n`);
  };
  const idle = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 5000));
  memory('when ready');
  await idle();
  memory('five seconds later');
  const timed = async (what: string, request: object): Promise<void> => {
    const times: number[] = [];
    for (let round = 0; round < 15; round += 1)
      times.push((await measured(() => control.ask('ResourceService/List', request))).ms);
    tell(`process: ${what}: first ${times[0]?.toFixed(0)} ms, then`, median(times.slice(1)));
  };
  await timed('list of 100 contracts', { kinds: ['Contract'] });
  await timed('search over all kinds', { search: 'number 4711' });
  memory('after lists');
  const writing: number[] = [];
  for (let round = 0; round < WRITES; round += 1) {
    const document = contractOf(round % 1000, round % 2000 < 1000 ? 'revoked' : 'approved');
    writing.push((await measured(() => control.ask('ResourceService/Apply', { documents: [{ document }] }))).ms);
  }
  tell(`process: each of ${WRITES} writes of one contract, with its check`, median(writing));
  memory(`after ${WRITES} writes`);
  await idle();
  memory('five seconds later');
}

try {
  if (process.argv[3] === undefined) {
    await fill();
    const { spawnSync } = await import('node:child_process');
    const { status } = spawnSync(process.execPath, [...FLAGS, import.meta.filename, '0', dataDir], {
      stdio: 'inherit',
    });
    process.exitCode = status ?? 1;
    if (status === 0) await measureProcess(Number(process.argv[2] ?? 5));
  } else {
    await measure();
  }
} finally {
  if (process.argv[3] === undefined) rmSync(dataDir, { recursive: true, force: true });
}
