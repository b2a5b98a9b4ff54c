import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  CreateUserRequestSchema,
  CreateUserResponseSchema,
  DeleteUserRequestSchema,
  DeleteUserResponseSchema,
  ListUsersRequestSchema,
  ListUsersResponseSchema,
  PeopleService,
  SetPasswordRequestSchema,
  SetPasswordResponseSchema,
  SetUserDisabledRequestSchema,
  SetUserDisabledResponseSchema,
  WhoAmIRequestSchema,
  WhoAmIResponseSchema,
} from '../../gen/ostiary/v1/people_pb.js';
import type { Caller } from '../access/caller.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import { credentialOf } from '../people/identify.ts';
import { hashNewPassword, problemOfNewPassword } from '../people/new-password.ts';
import { logInByPassword } from '../people/password-login.ts';
import { LOCAL, memberName, problemOfLocalName } from '../people/people.ts';
import type { ControlAccess } from './access.ts';
import { guardedUnary } from './guarded.ts';
import { tooMany } from './login-service.ts';
import { limitsMessage, userMessage } from './people-messages.ts';
import { eventOf } from './people-events.ts';
import type { PeoplePorts } from './people-ports.ts';
import { invalid, noSuch, refuseToken, requirePlatformAdmin } from './people-rights.ts';

/** Users of `ostiary.v1.PeopleService`, and who the caller is. */
export function peopleMethods(ports: PeoplePorts & { readonly access: ControlAccess }): readonly Method[] {
  const { access, clock, people, randomBytes, sessions, tokens, trail } = ports;
  const define = guardedUnary(PeopleService.typeName, access);

  const hashed = async (name: string, password: string): Promise<string> => {
    const problem = problemOfNewPassword(name.replace(LOCAL, ''), password);
    if (problem !== undefined) throw invalid(`the password ${problem}`);
    return hashNewPassword(password, randomBytes);
  };

  /** When the credential of the call ends. */
  const endOf = async ({ credential }: Caller): Promise<number | undefined> => {
    const { kind, id } = credentialOf(credential);
    if (kind === 'session') return (await sessions.find(id))?.endsAt;
    return kind === 'token' ? (await tokens.find(id))?.expiresAt : undefined;
  };

  /** @throws RpcError unless the caller's own password is the current one */
  const provePassword = async (caller: Caller, password: string, signal: AbortSignal): Promise<void> => {
    const given = { name: caller.name.slice(LOCAL.length), password, address: caller.address, signal };
    const result = await logInByPassword(given, { ...ports, now: () => clock.now() });
    if (result.result === 'right') return;
    if (result.result === 'too_many') throw tooMany(result.waitMs);
    if (result.result === 'busy')
      throw new RpcError(Code.unavailable, 'too many passwords are being compared: try again');
    throw new RpcError(Code.permissionDenied, 'this is not the current password');
  };

  return [
    define('WhoAmI', WhoAmIRequestSchema, WhoAmIResponseSchema, async (_request, caller) => {
      const end = await endOf(caller);
      return create(WhoAmIResponseSchema, {
        name: caller.name,
        member: memberName(caller.name),
        credential: caller.credential,
        groups: [...caller.groups],
        roles: caller.grants.map(({ team, role }) => ({ team, role })),
        ...(caller.limits !== undefined && { limits: limitsMessage(caller.limits) }),
        ...(end !== undefined && { expires: timestampFromMs(end) }),
      });
    }),
    define('ListUsers', ListUsersRequestSchema, ListUsersResponseSchema, async (_request, caller) => {
      requirePlatformAdmin(caller, 'list users');
      return create(ListUsersResponseSchema, { users: (await people.list()).map(userMessage) });
    }),
    define('CreateUser', CreateUserRequestSchema, CreateUserResponseSchema, async (request, caller) => {
      requirePlatformAdmin(caller, 'create users');
      refuseToken(caller, 'create users');
      const { groups, name, password } = request;
      const problem = problemOfLocalName(name);
      if (problem !== undefined) throw invalid(`the name ${JSON.stringify(name)}: ${problem}`);
      const [user, hash] = [`${LOCAL}${name}`, await hashed(name, password)];
      await trail.recorded(
        async (inside) => {
          const isAdded = await people.in(inside).addLocal(user, hash, groups, clock.now());
          if (!isAdded) throw new RpcError(Code.alreadyExists, `there is a user ${user} already`);
        },
        () => eventOf('user.created', caller, user),
      );
      const made = await people.find(user);
      return create(CreateUserResponseSchema, made && { user: userMessage(made) });
    }),
    define(
      'SetUserDisabled',
      SetUserDisabledRequestSchema,
      SetUserDisabledResponseSchema,
      async ({ disabled, name }, caller) => {
        requirePlatformAdmin(caller, 'shut users out');
        const user = await trail.recorded(
          async (inside) => {
            const changed = await people.in(inside).setDisabled(name, disabled);
            if (changed === undefined) throw noSuch(`user ${JSON.stringify(name)}`);
            return changed;
          },
          () => eventOf('user.changed', caller, name, { change: disabled ? 'disabled' : 'enabled' }),
        );
        return create(SetUserDisabledResponseSchema, { user: userMessage(user) });
      },
    ),
    define(
      'SetPassword',
      SetPasswordRequestSchema,
      SetPasswordResponseSchema,
      async ({ currentPassword, name, password }, caller, { signal }) => {
        const whose = name === '' ? caller.name : name;
        const isOwn = whose === caller.name && credentialOf(caller.credential).kind === 'session';
        if (!isOwn) requirePlatformAdmin(caller, "set other users' passwords");
        refuseToken(caller, 'set passwords');
        if (!whose.startsWith(LOCAL)) throw invalid(`${whose} has no password here: it is not a local user`);
        // Whoever finds a browser open must not take the account over.
        if (isOwn) await provePassword(caller, currentPassword, signal);
        const session = isOwn ? credentialOf(caller.credential).id : '';
        const hash = await hashed(whose, password);
        const endedSessions = await trail.recorded(
          async (inside) => {
            const ended = await people.in(inside).setPassword(whose, hash, session);
            if (ended === undefined) throw noSuch(`user ${JSON.stringify(whose)}`);
            return ended;
          },
          () => eventOf('user.changed', caller, whose, { change: 'password' }),
        );
        return create(SetPasswordResponseSchema, { endedSessions });
      },
    ),
    define('DeleteUser', DeleteUserRequestSchema, DeleteUserResponseSchema, async ({ name }, caller) => {
      requirePlatformAdmin(caller, 'delete users');
      await trail.recorded(
        async (inside) => {
          const isRemoved = await people.in(inside).remove(name, clock.now());
          if (!isRemoved) throw noSuch(`user ${JSON.stringify(name)}`);
        },
        () => eventOf('user.removed', caller, name),
      );
      return create(DeleteUserResponseSchema, {});
    }),
  ];
}
