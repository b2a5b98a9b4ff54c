import { PLATFORM_TEAM } from '../access/caller.ts';
import type { Caller } from '../access/caller.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import { credentialOf } from '../people/identify.ts';

/** What may be done with people and tokens, beside what the rules of methods say. */

/** Whether the caller is an administrator of the platform, by a credential that is not narrowed to something else. */
export function isPlatformAdmin(caller: Caller): boolean {
  return isAdminOf(PLATFORM_TEAM, caller);
}

/** Whether the caller is an administrator of the team, or of the platform. */
export function isAdminOf(team: string, { grants, limits }: Caller): boolean {
  const isNarrowed =
    limits !== undefined &&
    (limits.kinds.length > 0 || (limits.verbs.length > 0 && !limits.verbs.includes('administer')));
  if (isNarrowed) return false;
  return grants.some((grant) => grant.role === 'admin' && (grant.team === team || grant.team === PLATFORM_TEAM));
}

/** @throws RpcError */
export function requirePlatformAdmin(caller: Caller, what: string): void {
  if (isPlatformAdmin(caller)) return;
  throw new RpcError(
    Code.permissionDenied,
    `${caller.name} may not ${what}: it takes the role admin in the team ${PLATFORM_TEAM}`,
  );
}

/** A person whom a token makes, or whose password it sets, could log in after its end. @throws RpcError */
export function refuseToken({ credential, name }: Caller, what: string): void {
  if (credentialOf(credential).kind !== 'token') return;
  throw new RpcError(Code.permissionDenied, `${name} may not ${what} by a token: log in`);
}

/** What is a person's own, a token that is narrowed to other things does not change for them. @throws RpcError */
export function refuseNarrowed({ limits, name }: Caller, what: string): void {
  if (limits === undefined || (limits.verbs.length === 0 && limits.kinds.length === 0)) return;
  throw new RpcError(
    Code.permissionDenied,
    `${name} may not ${what} by a token that is narrowed: use one that is not, or log in`,
  );
}

/**
 * The session that the call is made with.
 * @throws RpcError: it is made with something else
 */
export function requireSession({ credential, name }: Caller, what: string): string {
  const { kind, id } = credentialOf(credential);
  if (kind === 'session') return id;
  throw new RpcError(
    Code.failedPrecondition,
    `${name} calls by ${kind === 'token' ? 'an access token' : 'the bootstrap token'}: to ${what}, log in`,
  );
}

/** As {@link requireSession}, of somebody in particular. @throws RpcError */
export function requirePerson(caller: Caller, what: string): string {
  const id = requireSession(caller, what);
  if (!caller.isBootstrap) return id;
  throw new RpcError(Code.failedPrecondition, `the first token is nobody's: to ${what}, log in as yourself`);
}

/** What both a caller who may not know of something, and one who asks for what is not there, hear. */
export function noSuch(what: string): RpcError {
  return new RpcError(Code.notFound, `there is no ${what}`);
}

export function invalid(message: string): RpcError {
  return new RpcError(Code.invalidArgument, message);
}
