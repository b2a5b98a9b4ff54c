import type { Caller } from '../access/caller.ts';
import type { AuditAction, AuditEvent } from '../audit/event.ts';

/** That somebody has done something with a user. @param name of the user */
export function eventOf(
  action: AuditAction,
  caller: Caller,
  name: string,
  detail: Readonly<Record<string, string>> = {},
): AuditEvent {
  return { action, outcome: 'done', caller: told(caller), target: { kind: 'User', namespace: '', name }, detail };
}

/** The same with an access token. */
export function tokenEventOf(
  action: 'token.created' | 'token.revoked',
  caller: Caller,
  {
    id,
    name,
    person,
    team,
  }: { readonly id: string; readonly name: string; readonly person: string; readonly team: string },
): AuditEvent {
  const target = { kind: 'AccessToken', namespace: team, name };
  return {
    action,
    outcome: 'done',
    caller: told(caller),
    target,
    detail: { id, of: team === '' ? person : `team ${team}` },
  };
}

function told({ address, credential, name }: Caller): AuditEvent['caller'] {
  return { address, credential, name };
}
