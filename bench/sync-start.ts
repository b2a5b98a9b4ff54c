// How soon a sidecar serves from its cache, and how soon a change is in force once it has arrived:
// node bench/sync-start.ts [contracts] [rounds]. Without a number: with a scope of 1,000 contracts, and with all 100,000.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/clock.ts';
import { aboutToLoad } from '../src/engine.ts';
import { systemFiles } from '../src/file-access.ts';
import { policyKinds } from '../src/policies/index.ts';
import { followDocuments } from '../src/source/documents-in-force.ts';
import { CacheFile } from '../src/sync/cache-file.ts';
import { ControlSource } from '../src/sync/control-source.ts';
import type { FollowedSource } from '../src/sync/control-source-ports.ts';
import { keyText, StateHash } from '../src/sync/resource-key.ts';
import type { SyncedResource } from '../src/sync/resource-key.ts';
import { policyEnvironment } from '../test/policies/environment.ts';
import { apiOf, appOf, APPS, CONTRACTS, contractOf, median, NAMESPACES, wholeCompany } from './company.ts';
import type { CompanyDocument } from './company.ts';

const HISTORY = 'a'.repeat(32);
const CHANGES = 15;

function resourceOf(document: CompanyDocument, revision: number): SyncedResource {
  const { kind, metadata } = document;
  const { namespace, name } = metadata;
  const key = { kind, namespace, name };
  const text = JSON.stringify(document);
  return { key: keyText(key), ...key, revision, createdRevision: revision, owner: 'api', text };
}

/** All, or a scope: clients with ten contracts each, and as many APIs as clients. */
function companyOf(contracts: number): readonly CompanyDocument[] {
  if (contracts === CONTRACTS) return wholeCompany();
  const members = Array.from({ length: contracts / 10 }, (_, at) => at * NAMESPACES);
  const agreed = members.flatMap((app, at) =>
    Array.from({ length: 10 }, (_, more): CompanyDocument => {
      const contract = contractOf(app + more * APPS);
      return { ...contract, spec: { ...contract.spec, api: `api-${members[(at + more) % members.length] ?? 0}` } };
    }),
  );
  return [...members.map((at) => apiOf(at)), ...members.map((at) => appOf(at)), ...agreed];
}

function cacheIn(folder: string): CacheFile {
  return new CacheFile({ folder, key: undefined, access: systemFiles, userId: process.getuid?.() });
}

async function fill(folder: string, contracts: number): Promise<void> {
  const resources = new Map<string, SyncedResource>();
  const hash = new StateHash();
  for (const [at, document] of companyOf(contracts).entries()) {
    const resource = resourceOf(document, at + 1);
    resources.set(resource.key, resource);
    hash.add(resource, resource.revision);
  }
  const position = { history: HISTORY, revision: resources.size, chainHash: 'b'.repeat(64), committedAt: Date.now() };
  const commit = { position, stateHash: hash.value, adopted: false };
  const cache = cacheIn(folder);
  await cache.load();
  await cache.save({ resources, keys: resources.keys(), commit, isInForce: true });
  await cache.close();
}

/** In a process of its own, as a sidecar is. */
async function measure(folder: string): Promise<void> {
  const { promise: following, resolve: follows } = Promise.withResolvers<FollowedSource>();
  const began = performance.now();
  const cpu = process.cpuUsage();
  aboutToLoad(Infinity);
  const source = new ControlSource(
    { addresses: ['bench'] },
    {
      clock: systemClock,
      cache: cacheIn(folder),
      relay: undefined,
      readFile: () => Promise.reject(new Error('no files')),
      follow: (given) => {
        follows(given);
        return { close: () => Promise.resolve(), tell() {} };
      },
      events: { cacheFault: (detail) => console.error(detail) },
    },
  );
  const options = { policyKinds, environment: policyEnvironment(), env: {}, clock: systemClock };
  const loading = followDocuments(source, options);
  const followed = await following;
  // Its control plane says that it has everything.
  await followed.enforce(new Map());
  const documents = await loading;
  const startMs = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  const changes: number[] = [];
  const { replica } = followed;
  const contracts = [...replica.resources.values()].filter(({ text }) => text.includes('"status":"approved"'));
  for (let round = 1; round <= CHANGES; round += 1) {
    const { position: last } = replica;
    if (last === undefined) throw new Error('nothing is in force');
    const position = { ...last, revision: last.revision + 1 };
    const before = contracts[round];
    if (before === undefined) throw new Error('there are too few contracts');
    const after = { ...before, revision: position.revision, text: before.text.replace('approved', 'revoked') };
    const hash = new StateHash(replica.stateHash);
    hash.remove(before, before.revision);
    hash.add(after, after.revision);
    const arrived = performance.now();
    const step = { replacing: false, upserts: new Map([[after.key, after]]), removals: new Set<string>() };
    replica.become(position, hash.value, step);
    const enforced = await followed.enforce(new Map([[after.key, before]]));
    if (!enforced.isInForce) throw new Error(JSON.stringify(enforced.faults));
    changes.push(performance.now() - arrived);
  }
  const told = {
    startMs,
    cpuMs: (user + system) / 1000,
    changeMs: median(changes),
    mb: process.memoryUsage().rss / 1e6,
  };
  console.log(JSON.stringify(told));
  await documents.close();
}

function run(contracts: number, rounds: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'ostiary-bench-'));
  const child = (what: string): string => {
    const { stdout, status, stderr } = spawnSync(
      process.execPath,
      ['--max-semi-space-size=4', import.meta.filename, what, folder, String(contracts)],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(stderr);
    return stdout;
  };
  try {
    child('--fill');
    const all = Array.from({ length: rounds }, () => JSON.parse(child('--measure')) as Record<string, number>);
    const line = (key: string): string => {
      const values = all.map((each) => each[key] ?? Number.NaN);
      return `median ${median(values).toFixed(1)}, best ${Math.min(...values).toFixed(1)}`;
    };
    console.log(
      `${contracts} contracts: from the cache in force after ${line('startMs')} ms (CPU time ${line('cpuMs')} ms)`,
    );
    console.log(
      `${contracts} contracts: a change in force ${line('changeMs')} ms after it arrived; resident ${line('mb')} MB`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [first, second, third] = process.argv.slice(2);
if (first === '--fill') await fill(second ?? '', Number(third));
else if (first === '--measure') await measure(second ?? '');
else
  for (const contracts of first === undefined ? [1000, CONTRACTS] : [Number(first)])
    run(contracts, Number(second ?? 5));
