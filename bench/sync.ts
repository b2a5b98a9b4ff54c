// How long a change takes to all sidecars of a control plane. Run: npm run bundle && node bench/sync.ts [streams] [changes]
// The control plane is a process of its own on SQLite. The sidecars are streams without documents in force, each on a
// connection of its own, in another process: they use as little of the machine as they can. All share the machine's cores.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RawMesh } from '../test/sync/raw-mesh.ts';
import { apiOf, appOf, contractOf, quantile } from './company.ts';
import { startControlProcess } from './control-process.ts';
import { cpuMsOf, memoryOf } from './process-use.ts';

const [streams = 1000, changes = 40] = process.argv.slice(2).map(Number);
/** Any folder, to keep a profile of the control plane in. */
const PROFILE = process.env['BENCH_PROFILE'];

interface Applied {
  readonly revision: string;
  readonly receipt: { readonly enforced: number; readonly took: string };
}

const dataDir = mkdtempSync(join(tmpdir(), 'ostiary-bench-'));
const control = await startControlProcess(
  dataDir,
  PROFILE === undefined ? [] : ['--cpu-prof', '--cpu-prof-interval=200', `--cpu-prof-dir=${PROFILE}`],
);
const now = (): number => performance.timeOrigin + performance.now();
const apply = (...documents: readonly object[]): Promise<Applied> =>
  control.ask('ResourceService/Apply', { documents: documents.map((document) => ({ document })), wait: '30s' });

try {
  const { revision: first } = await apply(apiOf(0), appOf(0), contractOf(0));
  const { token } = await control.ask<{ token: string }>('SidecarService/CreateSidecarToken', { name: 'bench' });
  const began = now();
  const mesh = new RawMesh({ port: control.port, token, streams, prefix: 'node' });
  await mesh.had(Number(first));
  console.log(`${streams} streams joined and in sync after ${(now() - began).toFixed(0)} ms`);
  await control.ask('SidecarService/GetReceipt', { wait: '30s' });
  const [last, receipts]: [number[], number[]] = [[], []];
  const [controlCpu, meshCpu] = [cpuMsOf(control.pid), (await mesh.state()).cpuMs];
  for (let change = 0; change < changes; change += 1) {
    const at = now();
    const { revision, receipt } = await apply(contractOf(0, change % 2 === 0 ? 'revoked' : 'approved'));
    receipts.push(now() - at);
    if (receipt.enforced !== streams) throw new Error(`${receipt.enforced} of ${streams} enforce revision ${revision}`);
    last.push((await mesh.had(Number(revision))) - at);
  }
  const spent = (after: number, before: number): string => `${((after - before) / changes).toFixed(1)} ms`;
  const told = (values: readonly number[]): string =>
    `p50 ${quantile(values, 0.5).toFixed(0)} ms, p99 ${quantile(values, 0.99).toFixed(0)} ms, best ${Math.min(...values).toFixed(0)} ms`;
  console.log(`the last of ${streams} has a change after ${told(last)}`);
  console.log(`its receipt comes after ${told(receipts)}`);
  console.log(
    `CPU time of a change: control plane ${spent(cpuMsOf(control.pid), controlCpu)}, streams ${spent((await mesh.state()).cpuMs, meshCpu)}`,
  );
  console.log(`resident: ${(memoryOf(control.pid).now / 1e6).toFixed(0)} MB`);
  mesh.close();
} finally {
  await control.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
