import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isSecret, parseSecretHash } from '../../src/contract/secret.ts';
import { valueAt } from '../../src/control/facts.ts';
import { readBackup } from '../../src/registry/backup.ts';
import type { RegistryPlace } from '../../src/registry/open.ts';
import type { NewPlace } from '../registry/fixture.ts';
import { app, openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

interface Hash {
  readonly salt: string;
  readonly sha256: string;
  readonly expires?: string;
}

const NOW = Date.UTC(2027, 0, 1, 12);
const HOUR_MS = 3_600_000;

/** Client applications and the secrets that the control plane makes, whatever the database. */
export function keepsSecrets(newPlace: NewPlace): void {
  let place: RegistryPlace;
  let services: ControlServices;
  beforeEach(async () => {
    place = await newPlace();
    services = await openServices(place);
    services.nowMs = NOW;
  });
  afterEach(async () => {
    await services.close();
  });
  const ask = (method: string, request: object) => services.ask(`CredentialService/${method}`, request);
  const create = (more: object = {}) => ask('CreateApplication', { name: 'web', ...more });
  const rotate = (more: object = {}) => ask('RotateSecret', { name: 'web', ...more });
  const end = (more: object = {}) => ask('EndSecret', { name: 'web', ...more });
  const kept = async (): Promise<readonly Hash[]> => {
    const [resource] = await services.registry.resources([
      { kind: 'ClientApplication', namespace: 'default', name: 'web' },
    ]);
    const read = (field: string) => valueAt(resource?.document, ['spec', field]);
    return [read('clientSecret'), read('clientSecrets')].flat().filter((each) => each !== undefined) as Hash[];
  };
  const isOf = (hash: Hash | undefined, secret: unknown): boolean =>
    hash !== undefined && isSecret(parseSecretHash(hash), String(secret));

  test('an application gets an id and a secret of 256 bits, told once and kept as a salted hash', async () => {
    const made = await create({ displayName: 'Web shop', description: 'sells', reason: 'new shop', wait: '1s' });
    expect(made).toEqual({
      application: {
        namespace: 'default',
        name: 'web',
        clientId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        secrets: [{}],
        revision: '1',
      },
      secret: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) as string,
      revision: '1',
      receipt: expect.objectContaining({ enforced: 2 }) as object,
    });
    expect(await services.ask('ResourceService/Get', { kind: 'ClientApplication', name: 'web' })).toMatchObject({
      resource: { document: { metadata: { name: 'web', displayName: 'Web shop', description: 'sells' } } },
    });
    const [hash] = await kept();
    expect(isOf(hash, made['secret'])).toBe(true);
    const { application } = await create({ name: 'other', clientId: 'mine', withoutSecret: true });
    expect(application).toEqual({ namespace: 'default', name: 'other', clientId: 'mine', revision: '2' });
  });

  test('a rotation leaves two valid, the old one with an end, and no third', async () => {
    const { secret: first } = await create();
    const rotated = await rotate({ grace: '3600s' });
    expect(rotated).toMatchObject({
      application: { secrets: [{}, { expires: '2027-01-01T13:00:00Z' }], revision: '2' },
    });
    const [newest, old] = await kept();
    expect([isOf(newest, rotated['secret']), isOf(old, first)]).toEqual([true, true]);
    expect([newest?.expires, old?.expires]).toEqual([undefined, '2027-01-01T13:00:00.000Z']);
    expect(await rotate({ grace: '60s' })).toEqual({
      status: 400,
      code: 'failed_precondition',
      message:
        'ClientApplication default/web has two valid secrets already, the old one until 2027-01-01T13:00:00.000Z: end the old one first (or the new one, if it was lost), or rotate without a grace, which ends both',
    });
    // When the old one has ended, there is place again.
    services.nowMs = NOW + HOUR_MS;
    expect(await rotate()).toMatchObject({ application: { secrets: [{}, { expires: '2027-01-02T13:00:00Z' }] } });
    const last = await rotate({ grace: '0s' });
    expect(last).toMatchObject({ application: { secrets: [{}] } });
    const [only, ...others] = await kept();
    expect([isOf(only, last['secret']), others]).toEqual([true, []]);
  });

  test('a secret that ends anyway is not prolonged by a rotation', async () => {
    const expires = '2027-01-01T12:30:00Z';
    await services.apply([app('web', { clientSecret: { salt: 's', sha256: 'a'.repeat(64), expires } })]);
    await rotate({ grace: '86400s' });
    expect((await kept())[1]?.expires).toBe('2027-01-01T12:30:00.000Z');
  });

  test('one secret, the old one or all are ended at once', async () => {
    await create();
    expect(await end()).toMatchObject({
      code: 'failed_precondition',
      message: expect.stringMatching(/has one secret, and no old one beside/),
    });
    const { secret } = await rotate();
    expect(await end({ reason: 'leaked' })).toMatchObject({ application: { secrets: [{}], revision: '3' } });
    expect(isOf((await kept())[0], secret)).toBe(true);
    await rotate();
    expect(await end({ secret: 'SECRET_CHOICE_NEW' })).toMatchObject({
      application: { secrets: [{ expires: '2027-01-02T12:00:00Z' }] },
    });
    const { application } = await end({ secret: 'SECRET_CHOICE_ALL' });
    expect(application).not.toHaveProperty('secrets');
    expect(await kept()).toEqual([]);
    expect(await end({ secret: 'SECRET_CHOICE_ALL' })).toMatchObject({
      message: expect.stringMatching(/has no valid secret: rotate it/) as string,
    });
    expect(await rotate()).toMatchObject({ application: { secrets: [{}] } });
  });

  test('no secret is in the log, the audit, a list, a dry run or the database', async () => {
    const secrets: unknown[] = [];
    for (const answer of [await create(), await rotate(), await rotate({ grace: '0s' })])
      secrets.push(answer['secret']);
    expect(await create({ name: 'dry', dryRun: true })).not.toHaveProperty('secret');
    expect(await rotate({ dryRun: true })).not.toHaveProperty('secret');
    const told = [
      await services.registry.changesAfter(0, 100),
      await services.ask('ResourceService/List', {}),
      await services.ask('AuditService/ListChanges', {}),
    ].map((each) => JSON.stringify(each));
    if (place.dataDir !== undefined) {
      const folder = place.dataDir;
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /control\.db/.test(name),
      );
      expect(files.length).toBeGreaterThan(0);
      told.push(files.map((file) => readFileSync(join(folder, file), 'latin1')).join('\n'));
    }
    const backup = await readBackup(services.database, [], NOW);
    let lines = '';
    for await (const line of backup.lines) lines += line;
    told.push(lines);
    // The search finds what is there.
    const [hash] = await kept();
    expect(told.every((text) => text.includes(hash?.salt ?? '-'))).toBe(true);
    for (const secret of secrets) {
      expect(secret).toHaveLength(43);
      for (const text of told) expect(text.includes(String(secret))).toBe(false);
    }
  });

  test('what can be no application is refused with field and remedy', async () => {
    const message = async (method: string, request: object): Promise<unknown> =>
      (await ask(method, request))['message'];
    await create({ clientId: 'mine' });
    expect(await create()).toMatchObject({
      status: 409,
      code: 'already_exists',
      message: expect.stringMatching(/^there is ClientApplication/) as string,
    });
    expect(await message('CreateApplication', { name: 'other', clientId: 'mine' })).toMatch(
      /^spec.clientId: another client application has this client id/,
    );
    expect(await message('CreateApplication', { name: 'Web shop' })).toMatch(/^name: expected a name/);
    expect(await message('CreateApplication', { name: 'x', clientId: 'a b' })).toMatch(
      /^spec.clientId: expected a client/,
    );
    expect(await message('CreateApplication', { name: 'a\nb' })).toMatch(/^name: expected a name/);
    expect(await message('RotateSecret', { name: 'web', grace: '-1s' })).toBe('grace is from 0s to 365 days');
    expect(await message('RotateSecret', { name: 'web', grace: '31536001s' })).toBe('grace is from 0s to 365 days');
    expect(await message('EndSecret', { name: 'web', secret: 17 })).toMatch(/^secret is none of the choices/);
    expect(await rotate({ name: 'none' })).toMatchObject({ status: 404 });
    expect(await rotate({ expectedRevision: '7' })).toMatchObject({ status: 409, code: 'aborted' });
    expect(await rotate({ reason: 'r'.repeat(5000) })).toMatchObject({
      message: expect.stringMatching(/^reason is a text/) as string,
    });
    expect(await services.ask('CredentialService/RotateSecret', { name: 'web' }, 'other')).toMatchObject({
      status: 401,
    });
    expect((await services.registry.head()).revision).toBe(1);
  });
}
