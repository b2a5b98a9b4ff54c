import { expect } from 'vitest';
import type { RealControlPlane } from '../real/control-plane.ts';

type Json = Readonly<Record<string, unknown>>;

export const PASSWORD = 'correct horse battery';
/** What the calls below would change, whatever became of it. */
const STATE = [
  'SELECT name, password_hash, is_disabled FROM person ORDER BY name',
  'SELECT id FROM session ORDER BY id',
  'SELECT id, revoked_at FROM access_token ORDER BY id',
  'SELECT hash FROM sidecar_token ORDER BY hash',
  'SELECT node FROM sidecar ORDER BY node',
  'SELECT history FROM sidecar_adoption ORDER BY history',
];

export type Query = (statement: string) => Promise<string>;

/** A control plane, and its database for somebody beside it. */
export interface Place {
  plane: RealControlPlane;
  /** SQLite is its process' own: it ends meanwhile. */
  beside<Result>(work: (query: Query) => Promise<Result>): Promise<Result>;
  /** The same, and the control plane does not come back. */
  after<Result>(work: (query: Query) => Promise<Result>): Promise<Result>;
}

export async function ask(plane: RealControlPlane, method: string, request: object, token?: string): Promise<Json> {
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
    ['SyncService/Join', { node: 'edge-2', version: '1' }, 'sidecar.joined', String(joining['token'])],
    ['SidecarService/AdoptHistories', { histories: ['0123456789abcdef'] }, 'sidecar.adopted'],
  ];
  return calls;
}

const stateOf = async (query: Query) => Promise.all(STATE.map(query));

/** While the trail can't be written, nothing of it happens; and when it can, each call and its event do. */
export async function changesNothingUnseen(place: Place, breaking: string, mending: string): Promise<void> {
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
  expect(await ask(place.plane, 'AuditService/Verify', {})).not.toHaveProperty('problems');
  await place.after(async (query) => {
    const added = await query(
      `SELECT action FROM audit_event WHERE sequence > ${had} AND outcome = 'done' ORDER BY sequence`,
    );
    expect(added.split('\n')).toEqual(calls.map(([, , action]) => action));
    const after = await stateOf(query);
    after.forEach((state, at) => expect(state, STATE[at]).not.toEqual(before[at]));
  });
}
