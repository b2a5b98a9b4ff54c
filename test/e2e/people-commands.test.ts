import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';

const PASSWORD = 'correct horse battery';
const PLATFORM_OF_TOKEN = {
  apiVersion: 'ostiary.dev/v1alpha1',
  kind: 'Team',
  metadata: { name: 'platform', namespace: 'platform' },
  spec: {
    namespaces: [],
    members: ['token:deploy', 'local:carl', 'token:deplyo', 'local:carol', 'nobody@example.com'].map((user, at) => {
      return { user, role: at === 0 ? 'admin' : 'viewer' };
    }),
  },
};

describe('the commands of who calls', () => {
  let control: RealControlPlane;
  const home = scratchFolder('people-commands');

  beforeAll(async () => {
    control = await startControlPlane(join(scratchFolder('people-commands'), 'data'));
  });
  afterAll(() => control?.stop());

  /** By the token of the first start. */
  const ostiary = (...argv: string[]) => runMain(argv, control.env);
  /** By what `ostiary login` has kept. */
  const asUser = (argv: readonly string[], stdin?: string) =>
    runMain(argv, { OSTIARY_SERVER: control.url, XDG_CONFIG_HOME: home }, stdin);

  const rpc = async (method: string, request: object, headers: Record<string, string>) => {
    const answer = await fetch(`${control.url}/ostiary.v1.${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(request),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  test('make a local user, who logs in, changes their password, and logs out', async () => {
    const { env } = control;
    expect(await runMain(['user', 'create', 'bob', '--group', 'developers'], env, 'short')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the password has fewer than 12 characters') as string,
    });
    expect(await runMain(['user', 'create', 'bob', '--group', 'developers'], env, `${PASSWORD}\n`)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('user local:bob is made') as string,
    });
    expect((await runMain(['user', 'create', 'bob'], env, PASSWORD)).stderr).toContain(
      'there is a user local:bob already',
    );
    expect((await asUser(['whoami'])).stderr).toContain('or log in: ostiary login');
    const wrong = await asUser(['login', '--user', 'bob'], 'something else');
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the name or the password is wrong') as string,
    });
    expect((await asUser(['login', '--user', 'nobody'], 'something else')).stderr).toBe(wrong.stderr);
    expect(await asUser(['login', '--user', 'bob'], PASSWORD)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/ as local:bob, until 20/) as string,
    });
    expect(statSync(join(home, 'ostiary/credentials.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'ostiary')).mode & 0o777).toBe(0o700);
    const who = JSON.parse((await asUser(['whoami', '-o', 'json'])).stdout) as Record<string, unknown>;
    expect(who).toMatchObject({ name: 'local:bob', member: 'local:bob', groups: ['developers'] });
    expect(who['credential']).toMatch(/^session:/);
    // They have no role, and so may nothing.
    expect((await asUser(['user', 'list'])).code).toBe(1);
    expect((await asUser(['get', 'apis'])).code).toBe(1);
    expect((await asUser(['user', 'sessions'])).stdout).toContain(' * ');
    expect((await ostiary('user', 'list')).stdout).toMatch(/local:bob +enabled +developers +20/);
    expect((await runMain(['user', 'set-password', 'bob'], env, 'another long password')).stdout).toContain(
      'sessions ended: 1',
    );
    expect((await asUser(['whoami'])).stderr).toContain('ostiary login gets another');
    // A login helps nobody whose variable or flag comes before it.
    const unknown = { ...env, OSTIARY_TOKEN: 'oss_unknown' };
    expect((await runMain(['whoami'], unknown)).stderr).toContain('the token in OSTIARY_TOKEN, or it has ended: set');
    const file = join(scratchFolder('people-commands'), 'token');
    writeFileSync(file, 'oss_unknown\n');
    expect((await runMain(['whoami', '--token-file', file], env)).stderr).toContain(
      `the token in ${file} (--token-file), or it has ended`,
    );
    // What is no token at all is in no header.
    for (const text of ['', '{\n  "token": "x"\n}', 'tök']) {
      writeFileSync(file, text);
      const stderr = `ostiary: --token-file: ${file} has no token: expected one, in one line\n`;
      expect(await runMain(['whoami', '--token-file', file], env)).toMatchObject({ code: 1, stderr });
    }
    expect((await runMain(['whoami'], { ...env, OSTIARY_TOKEN: 'two words' })).stderr).toBe(
      'ostiary: OSTIARY_TOKEN has no token: expected one, in one line\n',
    );
    expect((await asUser(['login', 'bob'])).stderr).toContain('a local user logs in by --user NAME');
    await asUser(['login', '--user', 'bob'], 'another long password');
    // The same control plane by another name is another login.
    const byName = control.url.replace('127.0.0.1', 'localhost');
    expect((await asUser(['whoami', '--server', byName])).stderr).toContain(
      `You are logged in to ${control.url} (--server)`,
    );
    expect((await asUser(['logout'])).stdout).toContain('logged out of');
    expect((await asUser(['whoami'])).stderr).toContain('this needs a token');
    expect((await asUser(['logout'])).stdout).toContain('nobody is logged in to');
    expect((await ostiary('whoami')).stdout).toContain('admin of platform');
  });

  test('make tokens of a person and of a team, which end when they are revoked', async () => {
    await runMain(['user', 'create', 'carol'], control.env, PASSWORD);
    await asUser(['login', '--user', 'carol'], PASSWORD);
    const made = await asUser([
      'token',
      'create',
      '--ci',
      '--name',
      'ci',
      '--verb',
      'read',
      '--ttl',
      '1h',
      '-o',
      'json',
    ]);
    const { id, token } = JSON.parse(made.stdout) as { id: string; token: string };
    expect(token).toMatch(/^ost_[\w-]{43}$/);
    const who = await rpc('PeopleService/WhoAmI', {}, { authorization: `Bearer ${token}` });
    expect(who.body).toMatchObject({ name: 'local:carol', credential: `token:${id}`, limits: { verbs: ['read'] } });
    // A token makes no token, no session and no other password.
    for (const [method, request] of [
      ['TokenService/CreateAccessToken', { name: 'more' }],
      ['PeopleService/DecideLogin', { userCode: 'BCDF-GHJK', allow: true }],
      ['PeopleService/LogOut', {}],
      ['PeopleService/SetPassword', { password: 'another long password', currentPassword: PASSWORD }],
    ] as const) {
      expect((await rpc(method, request, { authorization: `Bearer ${token}` })).status).toBeGreaterThanOrEqual(400);
    }
    // What is narrowed to reading ends nothing but itself.
    const session = await rpc('PeopleService/LogIn', { name: 'carol', password: PASSWORD }, {});
    const other = await rpc(
      'TokenService/CreateAccessToken',
      { name: 'other' },
      { authorization: `Bearer ${String(session.body['token'])}` },
    );
    const { id: otherId } = other.body['details'] as { id: string };
    for (const [method, request] of [
      ['TokenService/RevokeAccessToken', { id: otherId }],
      ['PeopleService/EndSessions', { user: 'local:carol' }],
      ['EventService/Subscribe', { events: ['contract.approved'] }],
      ['EventService/Unsubscribe', { id: 'subscription_1' }],
    ] as const) {
      expect(await rpc(method, request, { authorization: `Bearer ${token}` }), method).toMatchObject({
        status: 403,
        body: { message: expect.stringContaining('a token that is narrowed') as string },
      });
    }
    expect(
      (
        await rpc(
          'TokenService/RevokeAccessToken',
          { id: otherId },
          { authorization: `Bearer ${String(other.body['token'])}` },
        )
      ).status,
    ).toBe(200);
    expect((await asUser(['token', 'list'])).stdout).toMatch(
      new RegExp(`${id} +ci +local:carol +read +20\\S+ +20\\S+ +127.0.0.1`),
    );
    expect((await asUser(['token', 'create', '--ci', '--name', 'x', '--verb', 'raed'])).stderr).toContain(
      'did you mean "read"?',
    );
    expect((await asUser(['token', 'create', '--ci', '--name', 'x', '--team', 'platform'])).stderr).toContain(
      'it takes the role admin there',
    );
    expect((await ostiary('token', 'create', '--ci', '--name', 'x', '--team', 'none')).stderr).toContain(
      'there is no team "none"',
    );
    const ofTeam = JSON.parse(
      (await ostiary('token', 'create', '--ci', '--name', 'deploy', '--team', 'platform', '-o', 'json')).stdout,
    ) as { token: string; id: string };
    expect((await rpc('PeopleService/WhoAmI', {}, { authorization: `Bearer ${ofTeam.token}` })).body).toMatchObject({
      name: 'token:deploy',
      limits: { teams: ['platform'] },
    });
    // Though it administers the platform: who comes in by a password would outlive it.
    const told = await rpc(
      'ResourceService/Apply',
      { documents: [{ document: PLATFORM_OF_TOKEN }] },
      { authorization: `Bearer ${control.env.OSTIARY_TOKEN}` },
    );
    const warnings = told.body['warnings'] as readonly { readonly field: string; readonly message: string }[];
    expect(warnings.map(({ field, message }) => `${field} ${message.replace(/:.*/, '')}`)).toEqual([
      'spec.members[1].user there is no local user of this name',
      'spec.members[2].user no team has a token of this name',
    ]);
    for (const [method, request] of [
      ['PeopleService/CreateUser', { name: 'more', password: PASSWORD }],
      ['PeopleService/SetPassword', { name: 'local:carol', password: 'another long password' }],
    ] as const) {
      expect(await rpc(method, request, { authorization: `Bearer ${ofTeam.token}` }), method).toMatchObject({
        status: 403,
        body: { message: expect.stringContaining('by a token: log in') as string },
      });
    }
    expect((await rpc('PeopleService/ListUsers', {}, { authorization: `Bearer ${ofTeam.token}` })).status).toBe(200);
    // Of others one does not even hear that they are there.
    expect((await asUser(['token', 'revoke', ofTeam.id])).stderr).toContain(`there is no access token "${ofTeam.id}"`);
    expect(await ostiary('token', 'revoke', id)).toMatchObject({ code: 0, stdout: 'token ci is revoked\n' });
    expect(await rpc('PeopleService/WhoAmI', {}, { authorization: `Bearer ${token}` })).toMatchObject({ status: 401 });
    expect((await ostiary('token', 'list', '--all')).stdout).toMatch(/revoked/);
    expect(await ostiary('user', 'disable', 'carol')).toMatchObject({ code: 0 });
    expect((await asUser(['whoami'])).code).toBe(1);
    expect((await asUser(['login', '--user', 'carol'], PASSWORD)).stderr).toContain(
      'the name or the password is wrong',
    );
    expect((await ostiary('user', 'delete', 'carol')).code).toBe(0);
    expect((await ostiary('user', 'delete', 'carol')).stderr).toContain('there is no user "local:carol"');
  });

  test('show a resource to those of a team who do not see who changed it', async () => {
    await runMain(['user', 'create', 'erin'], control.env, PASSWORD);
    await asUser(['login', '--user', 'erin'], PASSWORD);
    expect((await asUser(['token', 'list'])).stdout).toBe(
      'there is no access token of yours; those of a team: --team NAME\n',
    );
    const members = [{ user: 'local:erin', role: 'owner' }];
    const team = document('Team', 'zoo', { namespaces: ['zoo'], members }, { namespace: 'platform' });
    const policies = [{ policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } }];
    const pets = document('Api', 'pets', { basePath: '/pets', policies }, { namespace: 'zoo' });
    expect(await ostiary('apply', '-f', writeFolder({ 'a.json': [team, pets] }))).toMatchObject({ code: 0 });
    const told = await asUser(['describe', 'api', 'pets', '-n', 'zoo']);
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect(told.stdout).toMatch(/^Kind: +Api\n/);
    expect(told.stdout).toContain('\nLast changes: an admin or auditor of the team sees them\n');
    expect((await ostiary('describe', 'api', 'pets', '-n', 'zoo')).stdout).toMatch(/Last changes:\nREVISION/);
    // Teams are in one namespace alone.
    expect((await ostiary('describe', 'team', 'zoo')).stdout).toMatch(/Namespace: +platform/);
    // What was called stands where other rows have what was changed.
    expect((await asUser(['user', 'list'])).code).toBe(1);
    expect((await ostiary('audit', '--action', 'denied')).stdout).toMatch(
      / 127\.0\.0\.1 +PeopleService\/ListUsers +denied +local:erin may not/,
    );
  });
});
