import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from '../real/scratch.ts';
import { runMain } from './run-main.ts';

const folder = scratchFolder('envoy-config');
let count = 0;

/** What `ostiary validate --envoy` says of a text, without the name of its file. */
export async function said(
  text: string,
  ...flags: string[]
): Promise<{ code: number; lines: string[]; stderr: string }> {
  const file = join(folder, `${count++}.${text.startsWith('{') ? 'json' : 'yaml'}`);
  writeFileSync(file, text);
  const { code, stdout, stderr } = await runMain(['validate', '--envoy', file, ...flags]);
  return { code, lines: stdout.trimEnd().replaceAll(file, 'FILE').split('\n'), stderr };
}
