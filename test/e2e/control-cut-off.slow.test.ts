import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlaneOn } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { scratchFolder } from '../real/scratch.ts';
import { startTcpProxy } from '../real/tcp-proxy.ts';
import type { TcpProxy } from '../real/tcp-proxy.ts';
import { RawMesh } from '../sync/raw-mesh.ts';
import { api, apply, ask, client, contract, Refused, startFollower } from './followed.ts';
import type { Follower, Receipt } from './followed.ts';

const part = await partOrSkip('postgres');

const STREAMS = 20;

describe.skipIf(part === undefined)('two control planes on one PostgreSQL, one of which is cut off from it', () => {
  const tokenFile = join(scratchFolder('cut-off'), 'token');
  let postgres: RealPostgres;
  let proxy: TcpProxy;
  /** The first reaches the database over the proxy. */
  let planes: readonly RealControlPlane[];
  let followers: readonly Follower[];
  let meshes: readonly RawMesh[];

  beforeAll(async () => {
    postgres = await startPostgres();
    const database = await postgres.createDatabase();
    proxy = await startTcpProxy(postgres.port);
    const over = database.replace(`:${postgres.port}/`, `:${proxy.port}/`);
    const cut = await startControlPlaneOn(over, tokenFile);
    const whole = await startControlPlaneOn(database, tokenFile);
    planes = [cut, whole];
    await apply(whole, [api('orders'), client('web'), contract('orders', 'web', 'approved')]);
    followers = [await startFollower(cut, 'of-cut'), await startFollower(whole, 'of-whole')];
    const { token } = await ask<{ token: string }>(whole, 'SidecarService/CreateSidecarToken', { name: 'test' });
    meshes = planes.map(({ url }, at) => {
      return new RawMesh({ port: Number(new URL(url).port), token, streams: STREAMS, prefix: `mesh-${at}` });
    });
  });
  afterAll(async () => {
    for (const mesh of meshes ?? []) mesh.close();
    await Promise.all([...(followers ?? []), ...(planes ?? [])].map((each) => each.stop()));
    await proxy?.close();
    await postgres?.stop();
  });

  const all = 2 * STREAMS + 2;
  const receiptOf = async (control: RealControlPlane, wait: string): Promise<Receipt> =>
    (await ask<{ receipt: Receipt }>(control, 'SidecarService/GetReceipt', { wait })).receipt;

  test.for(['cut', 'stall'] as const)(
    'by a network that does %s: it refuses writes and receipts, its streams live on, and all end in sync',
    async (how) => {
      const [cut, whole] = planes;
      if (cut === undefined || whole === undefined) throw new Error('not started');
      while ((await receiptOf(whole, '10s')).enforced !== all) await sleep(100);
      const before = await Promise.all(meshes.map((mesh) => mesh.state()));
      expect(before.map(({ connected }) => connected)).toEqual([STREAMS, STREAMS]);

      proxy[how]();
      for (const refused of [
        () => apply(cut, [client('never')]),
        () => receiptOf(cut, '0s'),
        () =>
          ask(cut, 'ResourceService/Delete', { resources: [{ resource: { kind: 'Contract', name: 'web-orders' } }] }),
      ]) {
        const error = await refused().then(
          () => undefined,
          (why: unknown) => why,
        );
        expect(error).toBeInstanceOf(Refused);
        expect((error as Refused).status).toBe(503);
      }
      const { revision, receipt } = await apply(whole, [contract('orders', 'web', 'revoked')], { wait: '1s' });
      // The other control plane's sidecars can't have it yet, and the receipt says so.
      expect(receipt?.enforced).toBe(STREAMS + 1);
      expect([...(receipt?.pending ?? []), ...(receipt?.unreachable ?? [])]).toHaveLength(STREAMS + 1);
      const during = await Promise.all(meshes.map((mesh) => mesh.state()));
      expect(during.map(({ connected }) => connected)).toEqual([STREAMS, STREAMS]);

      proxy.restore();
      await meshes[0]?.had(Number(revision));
      let last = await receiptOf(whole, '10s');
      while (last.enforced !== all) last = await receiptOf(whole, '10s');
      const after = await Promise.all(meshes.map((mesh) => mesh.state()));
      expect(after.map(({ snapshots }) => snapshots)).toEqual(before.map(({ snapshots }) => snapshots));
      expect(await ask(whole, 'ResourceService/List', { search: 'never' })).not.toHaveProperty('resources.0');
      await apply(whole, [contract('orders', 'web', 'approved')]);
      // The one that was cut off writes again, where the other went on.
      expect(await apply(cut, [client(`after-${how}`)], { wait: '20s' })).toMatchObject({ receipt: { enforced: all } });
    },
  );
});
