import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import type { NewPlace } from '../registry/fixture.ts';
import { appliesDocuments } from './applying.ts';
import { livesAsModelled } from './contract-property.ts';
import { decidesContractsAtOnce } from './contract-races.ts';
import { decidesOnce } from './deciding-at-once.ts';
import { knowsOwners } from './owning.ts';
import { sealsSecrets } from './sealing-secrets.ts';
import { findsResources } from './finding.ts';
import { tellsResources } from './telling.ts';
import { hidesFromTeams } from './hiding.ts';
import { watchesChanges } from './watching.ts';
import { api, app, contract, openServices } from './fixture.ts';

const part = await partOrSkip('postgres');

describe.skipIf(part === undefined)('the services of resources on PostgreSQL', () => {
  let postgres: RealPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres?.stop();
  });
  const newPlace: NewPlace = async () => ({ dataDir: undefined, databaseUrl: await postgres.createDatabase() });
  appliesDocuments(newPlace);
  tellsResources(newPlace);
  decidesOnce(newPlace);
  decidesContractsAtOnce(newPlace);
  livesAsModelled(newPlace, 4);
  findsResources(newPlace);
  knowsOwners(newPlace);
  sealsSecrets(newPlace);
  watchesChanges(newPlace);
  hidesFromTeams(newPlace);

  test('of several control planes that write at once, none breaks what another relies on', async () => {
    const place = await newPlace();
    const planes = [await openServices(place), await openServices(place), await openServices(place)];
    const [first, second, third] = planes;
    if (first === undefined || second === undefined || third === undefined) throw new Error('not opened');
    for (let round = 0; round < 12; round += 1) {
      const name = `api-${round}`;
      await first.apply([api(name), app(`app-${round}`)]);
      // One deletes what the other refers to, in the same moment; a third writes something else.
      const [made, deleted, other] = await Promise.all([
        first.apply([contract(`contract-${round}`, `app-${round}`, name)]),
        second.ask('ResourceService/Delete', { resources: [{ resource: { kind: 'Api', name } }] }),
        third.apply([app(`other-${round}`)]),
      ]);
      expect([made?.['faults'] === undefined, deleted?.['faults'] === undefined]).toContainEqual(true);
      expect(made?.['faults'] === undefined).toBe(deleted?.['faults'] !== undefined);
      expect(other).toMatchObject({ results: [{ effect: 'EFFECT_CREATED' }] });
    }
    expect((await second.registry.verify()).problems).toEqual([]);
    for (const plane of planes) await plane.close();
  });

  test('while the database is away everything is refused with 503, and goes on when it is back', async () => {
    const services = await openServices(await newPlace());
    await services.apply([app('a')]);
    await postgres.kill();
    for (const [method, request] of [
      ['Apply', { documents: [{ document: app('b') }] }],
      ['List', {}],
      ['Get', { kind: 'ClientApplication', name: 'a' }],
    ] as const) {
      expect(await services.ask(`ResourceService/${method}`, request)).toEqual({
        status: 503,
        code: 'unavailable',
        message: "the control plane's database can't be used (it does not answer): nothing was written",
      });
    }
    await postgres.restart();
    expect(await services.apply([app('b')])).toMatchObject({ revision: '2' });
    await services.close();
  });
});
