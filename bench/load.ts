/**
 * What it costs to load contracts: `node bench/load.ts [contracts, 100000] [json|yaml]`.
 * Writes as many client applications and contracts into a scratch directory; a process of its own
 * loads and compiles them and prints seconds and resident memory.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/clock.ts';
import { compile } from '../src/document/compile.ts';
import { formatFault } from '../src/document/fault.ts';
import { systemFiles } from '../src/file-access.ts';
import { policyKinds } from '../src/policies/index.ts';
import type { Snapshot } from '../src/snapshot/snapshot.ts';
import { loadDocuments } from '../src/source/load-documents.ts';
import { trimHeap } from '../src/engine.ts';
import { policyEnvironment } from '../test/policies/environment.ts';

const API_VERSION = 'ostiary.dev/v1alpha1';

function documentsOf(contracts: number): readonly object[] {
  const documents: object[] = [];
  for (let i = 0; i < 100; i++) {
    documents.push({
      apiVersion: API_VERSION,
      kind: 'Api',
      metadata: { name: `api-${i}` },
      spec: {
        basePath: `/api-${i}`,
        tiers: [{ name: 'gold', limits: [{ maximumRequests: 100, timePeriodInMilliseconds: 1000 }] }],
      },
    });
  }
  const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  for (let i = 0; i < contracts; i++) {
    documents.push({
      apiVersion: API_VERSION,
      kind: 'ClientApplication',
      metadata: { name: `client-${i}` },
      spec: { clientId: `0f9d1f3e5d8c4a2b${i}`, clientSecret: { salt: '0123456789abcdef', sha256 } },
    });
    documents.push({
      apiVersion: API_VERSION,
      kind: 'Contract',
      metadata: { name: `contract-${i}` },
      spec: { clientApplication: `client-${i}`, api: `api-${i % 100}`, tier: 'gold', status: 'approved' },
    });
  }
  return documents;
}

/** Block style, as people and `kubectl` write it. */
function toYaml(value: object, indent = ''): string {
  return Object.entries(value)
    .map(([key, item]) => {
      if (Array.isArray(item)) return `${indent}${key}: ${JSON.stringify(item)}\n`;
      if (typeof item === 'object') return `${indent}${key}:\n${toYaml(item as object, `${indent}  `)}`;
      return `${indent}${key}: ${item}\n`;
    })
    .join('');
}

function main(contracts: number, format: string, directory: string): void {
  const documents = documentsOf(contracts);
  const text =
    format === 'json'
      ? JSON.stringify(documents, undefined, 1)
      : documents.map((document) => `---\n${toYaml(document)}`).join('');
  writeFileSync(join(directory, `contracts.${format}`), text);
  // What made the documents would count as memory: a fresh process loads them.
  const child = spawnSync(process.execPath, [import.meta.filename, '--measure', directory], { stdio: 'inherit' });
  rmSync(directory, { recursive: true });
  process.exitCode = child.status ?? 1;
}

async function measure(directory: string): Promise<void> {
  const rssBefore = process.memoryUsage.rss();
  let longestStallMs = 0;
  let lastTick = performance.now();
  const ticks = setInterval(() => {
    longestStallMs = Math.max(longestStallMs, performance.now() - lastTick);
    lastTick = performance.now();
  }, 1);
  const cpuBefore = process.cpuUsage();
  const { snapshot, loadMs, compileMs } = await loadOnce(directory);
  const { user, system } = process.cpuUsage(cpuBefore);
  clearInterval(ticks);
  const lookupNs = lookUp(snapshot);
  const rssLoaded = process.memoryUsage.rss();
  trimHeap();
  const seconds = (ms: number): string => (ms / 1000).toFixed(2);
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
  console.log(
    [
      `contracts            ${snapshot.contractCount}, with ${snapshot.clientApplications} client applications`,
      `load, compile        ${seconds(loadMs)} s + ${seconds(compileMs)} s = ${seconds(loadMs + compileMs)} s`,
      `CPU time             ${seconds((user + system) / 1000)} s, collector included (other programs hardly change it)`,
      `longest stall        ${longestStallMs.toFixed(0)} ms (what a Check would have waited)`,
      `look-up              ${lookupNs.toFixed(0)} ns for a client and its contract`,
      `RSS                  ${megabytes(rssBefore)} MB before, ${megabytes(rssLoaded)} MB loaded, ${megabytes(process.memoryUsage.rss())} MB after the heap is trimmed`,
    ].join('\n'),
  );
}

/** A function of its own, so that nothing holds the documents any more when memory is measured. */
async function loadOnce(directory: string) {
  const startedAt = performance.now();
  const loaded = await loadDocuments([directory], { clock: systemClock });
  const loadedAt = performance.now();
  const compiled = await compile(loaded, {
    policyKinds,
    environment: policyEnvironment(),
    env: {},
    readFile: (path, maxBytes) => systemFiles.read(path, maxBytes),
    clock: systemClock,
  });
  if (compiled.snapshot === undefined) throw new Error(compiled.faults.map(formatFault).join('\n'));
  const compileMs = performance.now() - loadedAt;
  return { snapshot: compiled.snapshot, loadMs: loadedAt - startedAt, compileMs };
}

function lookUp({ contracts: all, directory }: Snapshot): number {
  const contracts = [...all()];
  const rounds = 200_000;
  const startedAt = performance.now();
  for (let i = 0; i < rounds; i++) {
    const { client, api } = contracts[(i * 7919) % contracts.length] ?? { client: { clientId: '' }, api: '' };
    if (directory.client(client.clientId) === undefined || directory.contract(client.clientId, api) === undefined) {
      throw new Error('a contract can not be found');
    }
  }
  return ((performance.now() - startedAt) * 1e6) / rounds;
}

const [first = '100000', second = 'json'] = process.argv.slice(2);
await (first === '--measure'
  ? measure(second)
  : main(Number(first), second === 'yaml' ? 'yaml' : 'json', mkdtempSync(join(tmpdir(), 'ostiary-load-'))));
