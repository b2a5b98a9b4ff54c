import { afterEach, beforeEach, expect, test } from 'vitest';
import { isSecret, parseSecretHash } from '../../src/contract/secret.ts';
import { valueAt } from '../../src/control/facts.ts';
import type { NewPlace } from '../registry/fixture.ts';
import { api, app, document, openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

/** Of several who write the same in the same moment, whatever the database. */
export function decidesOnce(newPlace: NewPlace): void {
  let services: ControlServices;
  beforeEach(async () => {
    services = await openServices(await newPlace());
  });
  afterEach(async () => {
    await services.close();
  });

  test('of several who decide in the same moment one decides, and the others are told', async () => {
    await services.apply([api('orders'), app('web')]);
    await services.ask('ContractService/Request', { clientApplication: 'web', api: 'orders', tier: 'gold' });
    const move = (method: string) => services.ask(`ContractService/${method}`, { name: 'web-orders' });
    const answers = await Promise.all([move('Approve'), move('Reject'), move('Approve'), move('Reject')]);
    // An approval may follow a rejection.
    const done = answers.filter((answer) => 'contract' in answer);
    expect(done.length).toBe((await services.registry.head()).revision - 3);
    for (const answer of answers) {
      if (!('contract' in answer)) expect(answer).toMatchObject({ code: 'failed_precondition' });
    }
    expect((await services.registry.verify()).problems).toEqual([]);
  });

  test('of rotations in the same moment one is done, and no secret that was told is lost silently', async () => {
    const rotate = () => services.ask('CredentialService/RotateSecret', { name: 'web' });
    await services.ask('CredentialService/CreateApplication', { name: 'web' });
    const answers = await Promise.all([rotate(), rotate(), rotate()]);
    const [won, ...others] = answers.filter((answer) => 'secret' in answer);
    expect(others).toEqual([]);
    const key = { kind: 'ClientApplication', namespace: 'default', name: 'web' };
    const [resource] = await services.registry.resources([key]);
    const [newest] = valueAt(resource?.document, ['spec', 'clientSecrets']) as { salt: string; sha256: string }[];
    expect(newest && isSecret(parseSecretHash(newest), String(won?.['secret']))).toBe(true);
  });

  test('of two writers at two control planes, one gets the place', async () => {
    const team = (name: string) => document('Team', name, { namespaces: [name] }, { namespace: 'platform' });
    await services.apply([team('shop'), team('returns')]);
    const author = { actor: 'test', reason: '', credential: '', address: '' };
    const [shop, returns] = [services.newWriter(), services.newWriter()];
    const plans = await Promise.all(
      Array.from({ length: 6 }, async (_, at) => {
        const isShop = at % 2 === 0;
        const host = isShop ? '*.race.test' : 'a.race.test';
        const one = api(`api-${at}`, { hosts: [host] }, { namespace: isShop ? 'shop' : 'returns' });
        const writes = [{ document: one, expectedRevision: undefined }];
        const request = { writes, deletions: [], set: '', prune: false, owner: 'api', by: undefined } as const;
        return (isShop ? shop : returns).apply(request, author);
      }),
    );
    const written = plans.filter((plan) => plan.faults.length === 0);
    expect(written.map((plan) => plan.changes[0]?.key.namespace)).toHaveLength(1);
  });
}
