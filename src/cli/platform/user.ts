import {
  CreateUserResponseSchema,
  DeleteUserResponseSchema,
  EndSessionsResponseSchema,
  ListSessionsResponseSchema,
  ListUsersResponseSchema,
  SetPasswordResponseSchema,
  SetUserDisabledResponseSchema,
} from '../../../gen/ostiary/v1/people_pb.js';
import { UserError } from '../../errors.ts';
import { list, oneOf } from '../../flags.ts';
import { didYouMean } from '../../nearest.ts';
import { printJson } from '../analytics/asking.ts';
import { shown } from '../analytics/shown.ts';
import { table } from '../analytics/table.ts';
import { askNewSecret } from '../ask-secret.ts';
import { defineCommand } from '../command.ts';
import { secondsText } from './moments.ts';
import { callServer, serverFlags } from './server.ts';
import type { Caller } from './server.ts';

interface Asked extends Caller {
  readonly output: 'table' | 'json';
  readonly groups: readonly string[];
}

/** What to do to whom. @returns the lines to print */
type Action = (name: string, asked: Asked) => Promise<string>;

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['create', create],
  ['list', listUsers],
  ['disable', async (name, asked) => setDisabled(name, true, asked)],
  ['enable', async (name, asked) => setDisabled(name, false, asked)],
  ['set-password', setPassword],
  ['delete', remove],
  ['sessions', listSessions],
  ['end-sessions', endSessions],
]);
const NAMES = [...ACTIONS.keys()];

/** Local users, and everybody's sessions. */
export const command = defineCommand({
  usage: 'user create|list|disable|enable|set-password|delete|sessions|end-sessions [NAME] [FLAGS]',
  summary:
    'Local users of the control plane, for places without an identity provider. A password is typed, or read from standard\n' +
    'input, and is kept as an argon2id hash. A local user has the name local:NAME in the members of a Team.\n' +
    'disable, enable, delete, sessions and end-sessions take people of the identity provider too, by their address.\n' +
    'Who is disabled has no session and no token any more. set-password ends the sessions of its user.',
  examples: [
    'user create bob --group developers',
    'user set-password bob < password.txt',
    'user disable alice@example.com',
    'user sessions bob',
  ],
  flags: {
    group: list([], 'NAME', 'of create: a group that Teams may name; repeatable'),
    output: { ...oneOf('table', ['table', 'json'], 'of list and sessions: a table, or JSON'), short: 'o' },
    ...serverFlags,
  },
  sections: { group: 'What', server: 'Where' },
  maxArguments: 2,
  argumentWords: NAMES,
  concerned([action = '']) {
    const common = ['server', 'serverCa', 'requestTimeout', 'tokenFile'] as const;
    if (action === 'create') return ['group', ...common];
    if (action === 'list' || action === 'sessions') return ['output', ...common];
    return ACTIONS.has(action) ? common : undefined;
  },
  async run({ values, positionals: [action = '', name] }, environment) {
    const act = ACTIONS.get(action);
    if (act === undefined) {
      const given =
        action === ''
          ? 'what of users?'
          : `there is no action ${JSON.stringify(action)}${didYouMean(action, NAMES) || '.'}`;
      throw new UserError(`${given} Expected ostiary user ${NAMES.join('|')} NAME`, 2);
    }
    if (name === undefined && action !== 'list' && action !== 'sessions') {
      throw new UserError(`which user? ostiary user ${action} NAME`, 2);
    }
    const asked = { values, environment, output: values.output, groups: values.group };
    process.stdout.write(await act(name ?? '', asked));
    return 0;
  },
});

async function create(given: string, asked: Asked): Promise<string> {
  const name = given.replace(/^local:/, '');
  const password = await askNewSecret('Password');
  const request = { name, password, groups: asked.groups };
  const { user } = await callServer('PeopleService/CreateUser', request, CreateUserResponseSchema, asked);
  return `user ${shown(user?.name ?? '')} is made: name them in the members of a Team, or one of their groups\n`;
}

async function listUsers(_name: string, asked: Asked): Promise<string> {
  const { users } = await callServer('PeopleService/ListUsers', {}, ListUsersResponseSchema, asked);
  const rows = users.map(({ created, disabled, groups, lastLogin, name }) => ({
    name,
    disabled,
    groups,
    created: secondsText(created),
    lastLogin: secondsText(lastLogin),
  }));
  if (asked.output === 'json') {
    printJson({ users: rows });
    return '';
  }
  const columns = ['NAME', 'STATE', 'GROUPS', 'LAST LOGIN'].map((title) => ({ title }));
  return table(
    columns,
    rows.map((row) => [
      row.name,
      row.disabled ? 'disabled' : 'enabled',
      row.groups.join(', '),
      row.lastLogin || 'never',
    ]),
  );
}

async function setDisabled(name: string, disabled: boolean, asked: Asked): Promise<string> {
  const request = { name: fullName(name), disabled };
  const { user } = await callServer('PeopleService/SetUserDisabled', request, SetUserDisabledResponseSchema, asked);
  const what = disabled
    ? 'is disabled: their sessions have ended, and their tokens are refused'
    : 'is enabled: they may log in again';
  return `user ${shown(user?.name ?? '')} ${what}\n`;
}

async function setPassword(name: string, asked: Asked): Promise<string> {
  const password = await askNewSecret('New password');
  const request = { name: fullName(name), password };
  const { endedSessions } = await callServer('PeopleService/SetPassword', request, SetPasswordResponseSchema, asked);
  return `the password of ${shown(fullName(name))} is changed; sessions ended: ${endedSessions}\n`;
}

async function remove(name: string, asked: Asked): Promise<string> {
  await callServer('PeopleService/DeleteUser', { name: fullName(name) }, DeleteUserResponseSchema, asked);
  return `user ${shown(fullName(name))} is deleted, with their sessions and tokens\n`;
}

async function listSessions(name: string, asked: Asked): Promise<string> {
  const user = name === '' ? '' : fullName(name);
  const { sessions } = await callServer('PeopleService/ListSessions', { user }, ListSessionsResponseSchema, asked);
  const rows = sessions.map(({ address, created, current, expires, id, kind, lastSeen }) => ({
    id,
    kind,
    address,
    created: secondsText(created),
    lastSeen: secondsText(lastSeen),
    expires: secondsText(expires),
    current,
  }));
  if (asked.output === 'json') {
    printJson({ sessions: rows });
    return '';
  }
  const columns = ['ID', 'KIND', 'ADDRESS', 'SINCE', 'LAST SEEN', 'UNTIL'].map((title) => ({ title }));
  return table(
    columns,
    rows.map((row) => [
      `${row.id}${row.current ? ' *' : ''}`,
      row.kind,
      row.address,
      row.created,
      row.lastSeen,
      row.expires,
    ]),
  );
}

/** Of a user, or the session of an id. */
async function endSessions(name: string, asked: Asked): Promise<string> {
  const request = { user: fullName(name) };
  const { ended } = await callServer('PeopleService/EndSessions', request, EndSessionsResponseSchema, asked);
  return `sessions of ${shown(fullName(name))} ended: ${ended}\n`;
}

/** As the control plane calls them: `bob` is local, an address the provider's. */
function fullName(name: string): string {
  if (/^(?:local|user):/.test(name)) return name;
  return name.includes('@') ? `user:${name}` : `local:${name}`;
}
