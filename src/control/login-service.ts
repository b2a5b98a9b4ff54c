import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  BeginLoginRequestSchema,
  BeginLoginResponseSchema,
  CompleteLoginRequestSchema,
  CompleteLoginResponseSchema,
  DecideLoginRequestSchema,
  DecideLoginResponseSchema,
  DescribeLoginRequestSchema,
  DescribeLoginResponseSchema,
  LogInRequestSchema,
  LogInResponseSchema,
  LoginState,
  PeopleService,
} from '../../gen/ostiary/v1/people_pb.js';
import type { Caller } from '../access/caller.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method, UnaryHandler } from '../grpc/rpc.ts';
import { unaryOf } from '../operator/unary.ts';
import type { DefineUnary } from '../operator/unary.ts';
import { findProgram } from '../people/find-program.ts';
import { logInByPassword } from '../people/password-login.ts';
import type { WaitingProgram } from '../people/program-logins.ts';
import type { NewSession } from '../people/sessions.ts';
import type { ControlAccess } from './access.ts';
import { guardedUnary, tellDatabase } from './guarded.ts';
import type { LoginLimited } from './login-events.ts';
import type { PeoplePorts } from './people-ports.ts';
import { invalid, noSuch, requirePerson } from './people-rights.ts';

const INTERVAL_SECONDS = 2;
const MOST_CLIENT_LENGTH = 128;
const NO_PROGRAM = 'program that waits with this code: it may be too old, or decided already';
const STATES = { pending: LoginState.PENDING, denied: LoginState.DENIED, ended: LoginState.ENDED } as const;

/** The same for everybody who is not let in. */
export const WRONG_LOGIN = 'the name or the password is wrong';

export function tooMany(waitMs: number): RpcError {
  return new RpcError(Code.resourceExhausted, `too many attempts: try again in ${Math.ceil(waitMs / 1000)} s`);
}

/** Of a request that anybody may send. Names, passwords and codes are short. */
export const MOST_STRANGERS_BYTES = 64 * 1024;

function withinBytes(method: Method): Method {
  if (method.kind !== 'unary') return method;
  const handle: UnaryHandler = (request, call) => {
    if (request.length <= MOST_STRANGERS_BYTES) return method.handle(request, call);
    throw new RpcError(Code.resourceExhausted, `the request has more than ${MOST_STRANGERS_BYTES} bytes`);
  };
  return { ...method, handle };
}

/** How one logs in, of `ostiary.v1.PeopleService`. */
export function loginMethods(
  ports: PeoplePorts & { readonly access: ControlAccess; readonly limited: LoginLimited },
): readonly Method[] {
  const { access, limited, attempts, clock, programs, record, sessions } = ports;
  const guarded = guardedUnary(PeopleService.typeName, access);
  const define = unaryOf(PeopleService.typeName);
  const open: DefineUnary = (name, input, output, handle) =>
    withinBytes(
      define(name, input, output, async (request, call) => {
        try {
          return await handle(request, call);
        } catch (error) {
          return tellDatabase(error);
        }
      }),
    );

  /** Nobody comes in whom the audit trail does not have. */
  const entered = (wanted: NewSession, by: 'password' | 'program') =>
    record.loggedIn((inside) => sessions.in(inside).begin(wanted), by);

  /** @throws RpcError where there is none, or somebody tries codes */
  const waiting = async (userCode: string, { name }: Caller): Promise<WaitingProgram> => {
    const found = await findProgram(userCode, name, ports);
    if (found === undefined) throw noSuch(NO_PROGRAM);
    if ('waitMs' in found) throw tooMany(found.waitMs);
    return found;
  };

  return [
    open('LogIn', LogInRequestSchema, LogInResponseSchema, async ({ name, password }, { address = '', signal }) => {
      const result = await logInByPassword({ name, password, address, signal }, { ...ports, now: () => clock.now() });
      if (result.result === 'busy') throw new RpcError(Code.unavailable, 'too many log in at once: try again');
      if (result.result !== 'right') {
        const isWrong = result.result === 'wrong';
        if (!isWrong) limited(name, address);
        record.refused(name, address, isWrong ? WRONG_LOGIN : 'too many attempts');
        throw isWrong ? new RpcError(Code.unauthenticated, WRONG_LOGIN) : tooMany(result.waitMs);
      }
      const session = await entered({ person: result.person.name, kind: 'program', address }, 'password');
      return create(LogInResponseSchema, {
        token: session.secret,
        name: session.person,
        expires: timestampFromMs(session.endsAt),
      });
    }),
    open('BeginLogin', BeginLoginRequestSchema, BeginLoginResponseSchema, async ({ client, redirectPort }, call) => {
      const { address = '' } = call;
      if (client.length > MOST_CLIENT_LENGTH || /\p{C}/u.test(client))
        throw invalid('client: a short name, in one line');
      if (redirectPort !== 0 && (redirectPort < 1024 || redirectPort > 65_535))
        throw invalid('redirectPort: 1024 to 65535');
      const taken = await attempts.ofAddress('begin', address);
      if ('waitMs' in taken) throw tooMany(taken.waitMs);
      const begun = await programs.begin({ client, address, redirectPort });
      if (begun === undefined) throw new RpcError(Code.resourceExhausted, 'too many programs wait: try again later');
      const url = `${ports.urlOf(call.callerField?.('host'))}/login/program`;
      return create(BeginLoginResponseSchema, {
        deviceCode: begun.deviceCode,
        userCode: begun.userCode,
        verificationUrl: url,
        verificationUrlComplete: redirectPort === 0 ? '' : `${url}?code=${begun.userCode}`,
        expires: timestampFromMs(begun.endsAt),
        intervalSeconds: INTERVAL_SECONDS,
      });
    }),
    open(
      'CompleteLogin',
      CompleteLoginRequestSchema,
      CompleteLoginResponseSchema,
      async (request, { address = '' }) => {
        const progress = await programs.complete(request.deviceCode, request.code);
        if (progress.state !== 'allowed') return create(CompleteLoginResponseSchema, { state: STATES[progress.state] });
        const { person, providerSession } = progress.by;
        const provider = { session: providerSession, refreshToken: undefined, checkAt: 0 };
        const session = await entered({ person, kind: 'program', address, provider }, 'program');
        return create(CompleteLoginResponseSchema, {
          state: LoginState.COMPLETE,
          token: session.secret,
          name: person,
          expires: timestampFromMs(session.endsAt),
        });
      },
    ),
    guarded('DescribeLogin', DescribeLoginRequestSchema, DescribeLoginResponseSchema, async (request, caller) => {
      requirePerson(caller, 'let a program in');
      const { address, begunAt, client } = await waiting(request.userCode, caller);
      return create(DescribeLoginResponseSchema, { address, client, begun: timestampFromMs(begunAt) });
    }),
    guarded('DecideLogin', DecideLoginRequestSchema, DecideLoginResponseSchema, async (request, caller) => {
      const id = requirePerson(caller, 'let a program in');
      await waiting(request.userCode, caller);
      const providerSession = await sessions.providerSessionOf(id);
      const by = request.allow ? { person: caller.name, providerSession } : undefined;
      const decided = await programs.decide(request.userCode, by);
      if (decided === undefined) throw noSuch(NO_PROGRAM);
      return create(DecideLoginResponseSchema, { redirectUrl: decided.redirectUrl ?? '' });
    }),
  ];
}
