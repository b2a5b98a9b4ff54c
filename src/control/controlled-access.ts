import { PLATFORM_TEAM } from '../access/caller.ts';
import type { Identity } from '../access/caller.ts';
import { isWithin } from '../access/may.ts';
import { grantsOf } from '../access/memberships.ts';
import { methodName } from '../access/method-commands.ts';
import { methodRule } from '../access/method-rules.ts';
import type { RoleRule } from '../access/method-rules.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { CallCredentials, ControlAccess } from './access.ts';
import type { CurrentIndex } from './current-index.ts';
import { tellDatabase } from './guarded.ts';
import { narrowed, refused } from './rights.ts';
import { teamsIn } from './teams-in.ts';

/** Who calls. @throws RpcError (rejects with it) where the call proves nobody */
export type IdentifyCaller = (call: CallCredentials) => Promise<Identity>;

const ADMIN = [{ team: PLATFORM_TEAM, role: 'admin' }] as const;

/**
 * Lets those call a method who may, by the rules of methods and by what the Teams say at this moment. What they may do to which
 * object, each method asks of itself.
 */
export function controlledAccess(identify: IdentifyCaller, index: Pick<CurrentIndex, 'current'>): ControlAccess {
  return async (path, call) => {
    const rule = methodRule(path);
    const identity = await identify(call).catch(tellDatabase);
    if (rule === undefined || rule.by === 'sidecar') {
      throw new RpcError(
        Code.permissionDenied,
        `${identity.name} may not call ${methodName(path)}: nobody may but a sidecar`,
      );
    }
    // Without the log, which may not answer: whoever has the token of the first start may still ask why.
    const grants =
      identity.isBootstrap && identity.limits === undefined
        ? ADMIN
        : grantsOf(identity, teamsIn((await index.current().catch(tellDatabase)).index));
    const caller = { ...identity, grants };
    if (rule.by === 'role') refuseMethod(rule, caller, path);
    return caller;
  };
}

/** @throws RpcError that says who called, what was refused and which role would do */
function refuseMethod(
  { roles, team, verbs }: RoleRule,
  caller: Awaited<ReturnType<ControlAccess>>,
  path: string,
): void {
  const what = `may not call ${methodName(path)}`;
  const has = caller.grants.some(
    ({ role, team: own }) => roles.includes(role) && (team === 'any' || own === PLATFORM_TEAM),
  );
  if (!has) throw refused(caller, what, { roles, where: team });
  const [verb] = verbs;
  if (verb !== undefined && !verbs.some((each) => isWithin(caller.limits, each))) throw narrowed(caller, what, verb);
}
