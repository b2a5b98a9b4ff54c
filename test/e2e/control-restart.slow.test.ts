import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';
import { RawMesh } from '../sync/raw-mesh.ts';
import { api, apply, ask, client, contract } from './followed.ts';
import type { Receipt } from './followed.ts';

const STREAMS = Number(process.env['CONTROL_STREAMS'] ?? 200);

describe(`a control plane with ${STREAMS} sidecars that is killed and started again`, () => {
  const dataDir = join(scratchFolder('control-restart'), 'data');
  let control: RealControlPlane;
  let mesh: RawMesh;

  beforeAll(async () => {
    control = await startControlPlane(dataDir);
  });
  afterAll(async () => {
    mesh?.close();
    await control?.stop();
  });

  test('has all of them in sync again soon, and none is sent everything', async () => {
    const first = await apply(control, [api('orders'), client('web'), contract('orders', 'web', 'approved')]);
    const { token } = await ask<{ token: string }>(control, 'SidecarService/CreateSidecarToken', { name: 'test' });
    const { host, port } = new URL(control.url);
    mesh = new RawMesh({ port: Number(port), token, streams: STREAMS, prefix: 'node' });
    await mesh.had(Number(first.revision));
    const revoked = await apply(control, [contract('orders', 'web', 'revoked')], { wait: '30s' });
    expect(revoked.receipt).toMatchObject({ enforced: STREAMS });
    const before = await mesh.state();
    expect(before.snapshots).toBe(STREAMS);

    mesh.forget(Number(revoked.revision));
    await control.kill();
    control = await startControlPlane(dataDir, host);
    const readyAt = performance.timeOrigin + performance.now();
    const tookMs = (await mesh.had(Number(revoked.revision))) - readyAt;
    // What they missed: all of them the same.
    const approved = await apply(control, [contract('orders', 'web', 'approved')], { wait: '30s' });
    expect(approved.receipt).toMatchObject({ enforced: STREAMS });
    const after = await mesh.state();
    console.log(`${STREAMS} sidecars in sync ${tookMs.toFixed(0)} ms after the control plane was ready again`);
    expect(after).toMatchObject({ connected: STREAMS, snapshots: before.snapshots, refusals: 0 });
    while ((await unreachable()).length > 0) await sleep(100);
  });

  async function unreachable(): Promise<readonly string[]> {
    const { receipt } = await ask<{ receipt: Receipt }>(control, 'SidecarService/GetReceipt', {});
    return receipt.unreachable ?? [];
  }
});
