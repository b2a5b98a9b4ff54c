import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { startControlPlaneOn } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { scratchFolder } from '../real/scratch.ts';

const postgresPart = await partOrSkip('postgres');
/** So that all documents are much more than one change. */
const MANY = Array.from({ length: 300 }, (_, at) =>
  document('ClientApplication', `app-${at}`, { clientId: `app-${at}` }),
);

describe.skipIf(postgresPart === undefined)(
  'two control planes of one PostgreSQL, and a sidecar that knows both',
  () => {
    const folder = scratchFolder('control-failover');
    let postgres: RealPostgres;
    let planes: RealControlPlane[] = [];
    let sidecar: RealOstiary;

    beforeAll(async () => {
      postgres = await startPostgres();
      const database = await postgres.createDatabase();
      const tokenFile = join(folder, 'bootstrap-token');
      planes = [await startControlPlaneOn(database, tokenFile), await startControlPlaneOn(database, tokenFile)];
      expect((await apply(0, [document('Api', 'orders', { basePath: '/orders' }), ...MANY])).code).toBe(0);
      const { stdout } = await at(0, 'token', 'create', '--sidecar');
      const joinToken = join(folder, 'join-token');
      writeFileSync(joinToken, stdout);
      const addresses = planes.flatMap(({ url }) => ['--control', url]);
      sidecar = await startOstiary({ policies: folder, args: [...addresses, '--control-token-file', joinToken] });
    });
    afterAll(async () => {
      await sidecar?.stop();
      await Promise.all(planes.map((each) => each.stop()));
      await postgres?.stop();
    });

    const at = (plane: number, ...argv: string[]) => runMain(argv, planes[plane]?.env);
    const apply = (plane: number, documents: object[], ...flags: string[]) =>
      at(plane, 'apply', '-f', writeFolder({ 'a.json': documents }), ...flags);
    const metric = async (adminUrl: string | undefined, name: string): Promise<number> => {
      const text = await (await fetch(`${adminUrl}/metrics`)).text();
      const line = text.split('\n').find((each) => each.startsWith(`${name} `));
      return Number(line?.slice(name.length + 1));
    };
    const IN_SYNC = 'ostiary_hub_sidecars{state="in_sync"}';
    const until = async (isSo: () => Promise<boolean>): Promise<void> => {
      while (!(await isSo())) await sleep(50);
    };

    test('goes to the other one when its own is killed, and is sent only what it lacks', async () => {
      expect(await metric(planes[0]?.adminUrl, IN_SYNC)).toBe(1);
      const whole = await metric(planes[0]?.adminUrl, 'ostiary_hub_sent_bytes_total');
      expect(whole).toBeGreaterThan(30_000);
      await planes[0]?.stop(0);
      await until(async () => (await metric(planes[1]?.adminUrl, IN_SYNC)) === 1);
      const written = await apply(1, [document('Api', 'orders', { basePath: '/o' })], '--wait', '20s');
      expect(written).toMatchObject({ code: 0, stdout: expect.stringContaining('1 of 1 sidecars enforce revision') });
      expect(await metric(planes[1]?.adminUrl, 'ostiary_hub_sent_bytes_total')).toBeLessThan(5000);
      expect(await metric(sidecar.adminUrl, 'ostiary_control_resyncs_total')).toBe(0);
      expect(await metric(planes[1]?.adminUrl, 'ostiary_hub_greatest_lag_seconds')).toBe(0);
    });

    test('without its database a control plane serves its streams, takes no writes and issues no receipt', async () => {
      const admin = planes[1]?.adminUrl;
      const messages = await metric(admin, 'ostiary_hub_sent_messages_total');
      await postgres.kill();
      const refused = await apply(1, [document('Api', 'orders', { basePath: '/never' })]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(
        /database can't be used \(it does not answer\): nothing was written|does not answer/,
      );
      const receipt = await fetch(`${planes[1]?.url}/ostiary.v1.SidecarService/GetReceipt`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${planes[1]?.env.OSTIARY_TOKEN}` },
        body: '{}',
      });
      expect([receipt.status, await receipt.json()]).toMatchObject([503, { code: 'unavailable' }]);
      // The stream is as it was: pings go on, and the sidecar still hears its control plane.
      await until(async () => (await metric(admin, 'ostiary_hub_sent_messages_total')) > messages);
      expect(await metric(admin, IN_SYNC)).toBe(1);
      expect(await metric(sidecar.adminUrl, 'ostiary_control_connected')).toBe(1);
      expect(await metric(admin, 'ostiary_hub_database_faults_total')).toBeGreaterThan(0);

      await postgres.restart();
      await until(async () => (await apply(1, [document('Api', 'orders', { basePath: '/again' })])).code === 0);
      const done = await apply(1, [document('Api', 'orders', { basePath: '/last' })], '--wait', '20s');
      expect(done.stdout).toContain('1 of 1 sidecars enforce revision');
      expect((await at(1, 'audit', 'verify')).stdout).toContain('are as they were written');
      expect(await metric(sidecar.adminUrl, 'ostiary_control_resyncs_total')).toBe(0);
    });
  },
);
