import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { definitionsYaml } from '../../src/crd/print.ts';
import { scratchFolder } from '../real/scratch.ts';
import { runMain } from './run-main.ts';

const API = 'apiVersion: ostiary.dev/v1alpha1\n';

function folderWith(text: string): string {
  const folder = scratchFolder('documents');
  writeFileSync(join(folder, 'a.yaml'), text);
  return folder;
}

describe('ostiary generate', () => {
  it('crds prints the definitions', async () => {
    const { stdout: output, code: exitCode } = await runMain(['generate', 'crds']);
    expect([output, exitCode]).toEqual([definitionsYaml(), 0]);
  });

  it('objects prints documents as objects, the Secrets that they need, and what stays', async () => {
    const folder = folderWith(
      `${API}kind: Api\nmetadata: {name: orders, displayName: Orders}\nspec: {basePath: /orders}\n---\n` +
        `${API}kind: ClientApplication\nmetadata: {name: web, namespace: partner}\nspec: {clientId: web, clientSecret: {value: $WEB}}\n---\n` +
        `${API}kind: Webhook\nmetadata: {name: ops}\nspec: {url: 'https://x.example.com'}\n`,
    );
    const {
      stdout: output,
      stderr: errors,
      code: exitCode,
    } = await runMain(['generate', 'objects', folder, '--namespace', 'shop']);
    expect([errors, exitCode]).toEqual([
      'ostiary: 1 document of kind Webhook left out: it stays at the control plane (ostiary apply)\n',
      0,
    ]);
    expect(output).toContain('# The Secret partner/web needs the key clientSecret: what $WEB reads.\n');
    expect(parseAllDocuments(output).map((each) => each.toJS() as unknown)).toEqual([
      {
        apiVersion: 'ostiary.dev/v1alpha1',
        kind: 'Api',
        metadata: { name: 'orders', namespace: 'shop' },
        spec: { basePath: '/orders', catalog: { displayName: 'Orders' } },
      },
      {
        apiVersion: 'ostiary.dev/v1alpha1',
        kind: 'ClientApplication',
        metadata: { name: 'web', namespace: 'partner' },
        spec: { clientId: 'web', clientSecret: { secretRef: { name: 'web', key: 'clientSecret' } } },
      },
    ]);
  });

  it('objects prints nothing where a document has a fault, and tells its place', async () => {
    const folder = folderWith(`${API}kind: Api\nmetadata: {name: Orders_1}\nspec: {}\n`);
    const { stdout: output, stderr: errors, code: exitCode } = await runMain(['generate', 'objects', folder]);
    expect([output, exitCode]).toEqual(['', 1]);
    expect(errors).toMatch(/a\.yaml:3:18: metadata\.name: is no name of an object: rename it/);
    expect(errors).toContain('nothing is printed: 1 fault');
  });
});
