import { PLATFORM_TEAM } from '../access/caller.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Identify } from '../people/identify.ts';
import type { ControlAccess } from './access.ts';

/** What everybody may call who has a credential. */
const OWN: ReadonlySet<string> = new Set([
  '/ostiary.v1.PeopleService/WhoAmI',
  '/ostiary.v1.PeopleService/LogOut',
  '/ostiary.v1.PeopleService/ListSessions',
  '/ostiary.v1.PeopleService/EndSessions',
  '/ostiary.v1.PeopleService/SetPassword',
  '/ostiary.v1.PeopleService/DescribeLogin',
  '/ostiary.v1.PeopleService/DecideLogin',
  '/ostiary.v1.TokenService/CreateAccessToken',
  '/ostiary.v1.TokenService/ListAccessTokens',
  '/ostiary.v1.TokenService/RevokeAccessToken',
]);

/** Lets whoever has the bootstrap token do everything, and others what is their own. */
export function identifiedAccess(identify: Identify): ControlAccess {
  return async (path, _effect, call) => {
    const identity = await identify(call);
    if (identity.isBootstrap) return { ...identity, grants: [{ team: PLATFORM_TEAM, role: 'admin' }] };
    if (OWN.has(path)) return { ...identity, grants: [] };
    throw new RpcError(Code.permissionDenied, `${identity.name} has no role that lets them do this`);
  };
}
