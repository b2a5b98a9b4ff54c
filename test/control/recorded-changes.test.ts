import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlane, startControlPlaneOn } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { scratchFolder } from '../real/scratch.ts';

type Json = Readonly<Record<string, unknown>>;

const PASSWORD = 'correct horse battery';
/** What the calls below would change, whatever became of it. */
const STATE = [
  'SELECT name, password_hash, is_disabled FROM person ORDER BY name',
  'SELECT id FROM session ORDER BY id',
  'SELECT id, revoked_at FROM access_token ORDER BY id',
  'SELECT hash FROM sidecar_token ORDER BY hash',
  'SELECT node FROM sidecar ORDER BY node',
  'SELECT history FROM sidecar_adoption ORDER BY history',
];

type Query = (statement: string) => Promise<string>;

/** A control plane, and its database for somebody beside it. */
interface Place {
  plane: RealControlPlane;
  /** SQLite is its process' own: it ends meanwhile. */
  beside<Result>(work: (query: Query) => Promise<Result>): Promise<Result>;
}

async function ask(plane: RealControlPlane, method: string, request: object, token?: string): Promise<Json> {
  const authorization = `Bearer ${token ?? plane.env.OSTIARY_TOKEN}`;
  const answer = await fetch(`${plane.url}/ostiary.v1.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify(request),
  });
  return { status: answer.status, ...((await answer.json()) as Json) };
}

/** Everything that can be changed is there; and the calls that change it, with what the trail has of each. */
async function prepared(plane: RealControlPlane) {
  const own = (method: string, request: object, token?: string) => ask(plane, method, request, token);
  for (const name of ['bob', 'carol']) await own('PeopleService/CreateUser', { name, password: PASSWORD });
  const logIn = () => own('PeopleService/LogIn', { name: 'bob', password: PASSWORD }, '');
  const session = String((await logIn())['token']);
  await logIn();
  const { sessions } = await own('PeopleService/ListSessions', { user: 'local:bob' });
  const [newest] = sessions as readonly { readonly id: string }[];
  const made = await own('TokenService/CreateAccessToken', { name: 'ci', team: 'platform' });
  const { id } = made['details'] as { readonly id: string };
  const joining = await own('SidecarService/CreateSidecarToken', { name: 'edge' });
  await own('SyncService/Join', { node: 'edge-1', version: '1' }, String(joining['token']));
  const calls: readonly (readonly [method: string, request: object, action: string, token?: string])[] = [
    ['PeopleService/CreateUser', { name: 'dan', password: PASSWORD }, 'user.created'],
    ['PeopleService/SetUserDisabled', { name: 'local:carol', disabled: true }, 'user.changed'],
    ['PeopleService/SetPassword', { name: 'local:carol', password: `${PASSWORD} 2` }, 'user.changed'],
    ['PeopleService/DeleteUser', { name: 'local:carol' }, 'user.removed'],
    ['PeopleService/LogIn', { name: 'bob', password: PASSWORD }, 'login', ''],
    ['PeopleService/EndSessions', { id: newest?.id }, 'session.ended'],
    ['PeopleService/LogOut', {}, 'logout', session],
    ['PeopleService/EndSessions', { user: 'local:bob' }, 'session.ended'],
    ['TokenService/CreateAccessToken', { name: 'cd', team: 'platform' }, 'token.created'],
    ['TokenService/RevokeAccessToken', { id }, 'token.revoked'],
    ['SidecarService/CreateSidecarToken', { name: 'other' }, 'token.created'],
    ['SidecarService/ForgetSidecar', { node: 'edge-1' }, 'sidecar.forgotten'],
    ['SidecarService/AdoptHistories', { histories: ['0123456789abcdef'] }, 'sidecar.adopted'],
  ];
  return calls;
}

const stateOf = async (query: Query) => Promise.all(STATE.map(query));

/** While the trail can't be written, nothing of it happens; and when it can, each call and its event do. */
async function changesNothingUnseen(place: Place, breaking: string, mending: string): Promise<void> {
  const calls = await prepared(place.plane);
  const before = await place.beside(async (query) => {
    await query(breaking);
    return stateOf(query);
  });
  for (const [method, request, , token] of calls) {
    const answer = await ask(place.plane, method, request, token);
    expect(answer, `${method}: ${JSON.stringify(answer)}`).toMatchObject({ status: 503 });
  }
  const had = await place.beside(async (query) => {
    await query(mending);
    expect(await stateOf(query)).toEqual(before);
    return query('SELECT max(sequence) FROM audit_event');
  });
  for (const [method, request, , token] of calls) {
    const answer = await ask(place.plane, method, request, token);
    expect(answer, `${method}: ${JSON.stringify(answer)}`).toMatchObject({ status: 200 });
  }
  await place.beside(async (query) => {
    const added = await query(
      `SELECT action FROM audit_event WHERE sequence > ${had} AND outcome = 'done' ORDER BY sequence`,
    );
    expect(added.split('\n')).toEqual(calls.map(([, , action]) => action));
    const after = await stateOf(query);
    after.forEach((state, at) => expect(state, STATE[at]).not.toEqual(before[at]));
  });
  expect(await ask(place.plane, 'AuditService/Verify', {})).not.toHaveProperty('problems');
}

describe('whatever is done to people, tokens and sidecars is in the audit trail, or is not done', () => {
  test('in SQLite', async () => {
    const dataDir = join(scratchFolder('recorded'), 'data');
    const place: Place = {
      plane: await startControlPlane(dataDir),
      async beside(work) {
        await place.plane.stop();
        const database = new DatabaseSync(join(dataDir, 'control.db'));
        try {
          return await work(async (statement) => {
            const rows = database.prepare(statement).all();
            return rows.map((row) => Object.values(row).join('|')).join('\n');
          });
        } finally {
          database.close();
          place.plane = await startControlPlane(dataDir);
        }
      },
    };
    const breaking = `CREATE TRIGGER broken BEFORE INSERT ON audit_event WHEN NEW.outcome = 'done' BEGIN
      SELECT RAISE(ABORT, 'broken'); END`;
    await changesNothingUnseen(place, breaking, 'DROP TRIGGER broken');
    await place.plane.stop();
  }, 60_000);

  describe('in PostgreSQL', async () => {
    const part = await partOrSkip('postgres');
    let postgres: RealPostgres;
    beforeAll(async () => {
      if (part !== undefined) postgres = await startPostgres();
    });
    afterAll(() => postgres?.stop());
    const opened = async (): Promise<{ plane: RealControlPlane; query: Query }> => {
      const url = await postgres.createDatabase();
      const plane = await startControlPlaneOn(url, join(scratchFolder('recorded'), 'token'));
      return { plane, query: (statement) => postgres.psql(url, statement) };
    };

    test.skipIf(part === undefined)(
      'where the trail can not be written',
      async () => {
        const { plane, query } = await opened();
        const rename = (from: string, to: string) => `ALTER TABLE ${from} RENAME TO ${to}`;
        const [breaking, mending] = [rename('audit_event', 'gone'), rename('gone', 'audit_event')];
        await changesNothingUnseen({ plane, beside: (work) => work(query) }, breaking, mending);
        await plane.stop();
      },
      60_000,
    );

    test.skipIf(part === undefined)(
      'where the process is killed between the two',
      async () => {
        const { plane, query } = await opened();
        // Somebody holds the end of the chain: the change is made, and its event waits.
        const holding = query("BEGIN; SELECT id FROM audit_head FOR UPDATE; SELECT pg_sleep(3), 'held'; COMMIT");
        const sleeps = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        await expect.poll(() => query(sleeps), { timeout: 5000 }).toBe('1');
        const asked = ask(plane, 'PeopleService/CreateUser', { name: 'erin', password: PASSWORD }).catch(() => {});
        const waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        await expect.poll(() => query(waits), { timeout: 3000, interval: 20 }).toBe('1');
        await plane.kill();
        await Promise.all([asked, holding]);
        expect(await query("SELECT name FROM person WHERE name = 'local:erin'")).toBe('');
        expect(await query("SELECT name FROM audit_event WHERE action = 'user.created'")).toBe('');
      },
      60_000,
    );
  });
});
