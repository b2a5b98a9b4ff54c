import { create } from '@bufbuild/protobuf';
import {
  EndSessionsRequestSchema,
  EndSessionsResponseSchema,
  ListSessionsRequestSchema,
  ListSessionsResponseSchema,
  LogOutRequestSchema,
  LogOutResponseSchema,
  PeopleService,
} from '../../gen/ostiary/v1/people_pb.js';
import type { Method } from '../grpc/rpc.ts';
import { credentialOf } from '../people/identify.ts';
import type { ControlAccess } from './access.ts';
import { guardedUnary } from './guarded.ts';
import { sessionMessage } from './people-messages.ts';
import { eventOf } from './people-events.ts';
import type { PeoplePorts } from './people-ports.ts';
import {
  invalid,
  isPlatformAdmin,
  noSuch,
  refuseNarrowed,
  requirePlatformAdmin,
  requireSession,
} from './people-rights.ts';

/** Sessions, of `ostiary.v1.PeopleService`. */
export function sessionMethods(ports: PeoplePorts & { readonly access: ControlAccess }): readonly Method[] {
  const { access, record, sessions, trail } = ports;
  const define = guardedUnary(PeopleService.typeName, access);
  return [
    define('LogOut', LogOutRequestSchema, LogOutResponseSchema, async (_request, caller) => {
      const id = requireSession(caller, 'log out');
      const left = { id, person: caller.name, address: caller.address };
      await record.loggedOut(left, (inside) => sessions.in(inside).end(id));
      return create(LogOutResponseSchema, {});
    }),
    define('ListSessions', ListSessionsRequestSchema, ListSessionsResponseSchema, async ({ user }, caller) => {
      const whose = user === '' ? caller.name : user;
      if (whose !== caller.name) requirePlatformAdmin(caller, 'list the sessions of others');
      const { id } = credentialOf(caller.credential);
      return create(ListSessionsResponseSchema, {
        sessions: (await sessions.of(whose)).map((each) => sessionMessage(each, id)),
      });
    }),
    define('EndSessions', EndSessionsRequestSchema, EndSessionsResponseSchema, async ({ which }, caller) => {
      refuseNarrowed(caller, 'end sessions');
      switch (which.case) {
        case 'id': {
          const session = await sessions.find(which.value);
          const isSeen = session !== undefined && (session.person === caller.name || isPlatformAdmin(caller));
          if (!isSeen) throw noSuch(`session ${JSON.stringify(which.value)}`);
          const { id, person } = session;
          const isEnded = await trail.recorded(
            (inside) => sessions.in(inside).end(id),
            (ended) => (ended ? eventOf('session.ended', caller, person, { session: id }) : undefined),
          );
          return create(EndSessionsResponseSchema, { ended: isEnded ? 1 : 0 });
        }
        case 'user': {
          if (which.value !== caller.name) requirePlatformAdmin(caller, 'end the sessions of others');
          const user = which.value;
          const ended = await trail.recorded(
            (inside) => sessions.in(inside).endAllOf(user),
            () => eventOf('session.ended', caller, user),
          );
          return create(EndSessionsResponseSchema, { ended });
        }
        default:
          throw invalid('which sessions? Give id, or user');
      }
    }),
  ];
}
