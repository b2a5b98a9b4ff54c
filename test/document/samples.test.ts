import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { verifySecret } from '../../src/contract/secret.ts';
import { compile } from '../../src/document/compile.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { loadDocuments } from '../../src/source/load-documents.ts';
import { policyEnvironment } from '../policies/environment.ts';

const folder = join(import.meta.dirname, '../../policies');
const text = readdirSync(folder)
  .map((name) => readFileSync(join(folder, name), 'utf8'))
  .join('\n');

async function compiledSamples() {
  const compiled = await compile(await loadDocuments([folder], { clock: systemClock }), {
    policyKinds,
    environment: policyEnvironment(),
    env: {},
    readFile: (path) => readFile(path),
    clock: systemClock,
  });
  if (compiled.snapshot === undefined) throw new Error(JSON.stringify(compiled.faults));
  return compiled;
}

const samples = async () => (await compiledSamples()).snapshot;

describe('the quick-start documents', () => {
  it('have no fault and need no environment', async () => {
    const { apis, contracts } = await samples();
    expect(apis.map(({ name, basePath }) => [name, basePath])).toEqual([
      ['hello', '/hello'],
      ['orders', '/orders'],
      ['reports', '/reports'],
    ]);
    expect([...contracts()].every(({ status }) => status === 'approved')).toBe(true);
  });

  it('say every secret that they hold, and say that it is a sample', async () => {
    const { directory } = await samples();
    const pairs = [...text.matchAll(/client_id: (\S+) +client_secret: (\S+)/g)];
    expect(pairs).toHaveLength(2);
    for (const [, id = '', secret = ''] of pairs) expect(verifySecret(directory.client(id), secret)).toBe(true);
    expect(text).toContain('ANYONE CAN READ THESE SECRETS');
  });

  it('warn of each secret and key that anyone can read', async () => {
    const { warnings } = await compiledSamples();
    const told = warnings.filter(({ message }) => message.includes('published with the source'));
    expect(told.map(({ file, field }) => [file.slice(folder.length + 1), field])).toEqual([
      ['3-clients.yaml', 'spec.clientSecret'],
      ['3-clients.yaml', 'spec.clientSecret'],
      ['4-reports.yaml', 'spec.policies[0].config.textKey'],
    ]);
  });

  it('have no private key', () => {
    expect(text).not.toContain('PRIVATE');
  });
});
