import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import product from '../../package.json' with { type: 'json' };
import { main } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';

const entry = stripTypeScriptTypes(readFileSync(main, 'utf8'));
const SENTENCE =
  /^ostiary needs Node\.js 24 or later, and this is [\d.]+: install a newer one from https:\/\/nodejs\.org\n$/;

test('the Node.js that is needed is the one that package.json names', () => {
  expect(product.engines.node).toBe('>=24');
});

test('a Node.js that is too old gets one sentence', () => {
  const older = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })';
  const preload = ['--import', `data:text/javascript,${encodeURIComponent(older)}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...preload, main, 'version'], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(SENTENCE);
});

test('what such a Node.js reads first imports nothing before it looks, so that no later syntax stops it', () => {
  expect(entry).not.toMatch(/^\s*(?:import\s*[\w{*'"]|export\b)|\bawait\b|\?\.|\?\?/m);
  expect(entry.indexOf('import(')).toBeGreaterThan(entry.indexOf('process.versions.node'));
});

const older = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .find((program) => Number(versionOf(program)?.split('.')[0] ?? NaN) < 24);

test.skipIf(older === undefined)('an older Node.js of this machine says so itself', () => {
  const file = join(scratchFolder('old-node'), 'main.mjs');
  writeFileSync(file, entry);
  const { status, stderr } = spawnSync(older ?? '', [file, 'version'], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toMatch(SENTENCE);
});

function versionOf(program: string): string | undefined {
  try {
    return execFileSync(program, ['-p', 'process.versions.node'], { encoding: 'utf8', stdio: 'pipe' });
  } catch {
    return undefined;
  }
}
