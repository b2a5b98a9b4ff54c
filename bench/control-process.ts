// Runs the control plane as a process of its own, for benches.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runOstiary } from '../test/real/ostiary.ts';
import { untilReady } from '../test/real/process.ts';
import type { RealProcess } from '../test/real/process.ts';
import { freePort } from '../test/real/scratch.ts';

/** As the image has them. */
const FLAGS = ['--min-semi-space-size=2', '--max-semi-space-size=4'];
/** Of `npm run bundle`. */
const bundle = join(import.meta.dirname, '../dist/main.js');

export interface ControlProcess extends RealProcess {
  readonly port: number;
  /** From the start of the process to its readiness. */
  readonly readyMs: number;
  /** A call of Connect with JSON. */
  ask<Answer>(method: string, request: object): Promise<Answer>;
}

/** @param nodeFlags more flags of Node.js, such as `--cpu-prof` */
export async function startControlProcess(dataDir: string, nodeFlags: readonly string[] = []): Promise<ControlProcess> {
  const [port, admin] = [await freePort(), await freePort()];
  const addresses = ['--control-listen', `127.0.0.1:${port}`, '--control-admin-listen', `127.0.0.1:${admin}`];
  const began = performance.now();
  const program = [...FLAGS, ...nodeFlags, bundle];
  // As the image has it.
  const env = { MALLOC_ARENA_MAX: '1' };
  const running = await runOstiary(['control', '--data-dir', dataDir, ...addresses], env, program);
  await untilReady('control', running, async () => (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok, 60_000, 5);
  const readyMs = performance.now() - began;
  const token = readFileSync(join(dataDir, 'bootstrap-token'), 'utf8').trim();
  return {
    ...running,
    port,
    readyMs,
    async ask<Answer>(method: string, request: object) {
      const answer = await fetch(`http://127.0.0.1:${port}/ostiary.v1.${method}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify(request),
      });
      if (!answer.ok) throw new Error(`${method}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as Answer;
    },
  };
}
