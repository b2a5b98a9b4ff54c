// Fails when `gen/` differs from what buf generates from the protos.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const fresh = mkdtempSync(join(tmpdir(), 'ostiary-gen-'));
try {
  execFileSync('buf', ['generate', '--output', fresh], { stdio: 'inherit' });
  execFileSync('diff', ['-r', 'gen', join(fresh, 'gen')], { stdio: 'inherit' });
} catch {
  console.error('gen/ differs from the protos: run `npm run generate` and commit the result.');
  process.exitCode = 1;
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
