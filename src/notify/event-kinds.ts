/** Every event there is, by its name, which never changes: what has happened. */
export const EVENT_KINDS = {
  'contract.requested': 'A client application asks for a contract, which waits for an approval',
  'contract.seconded': 'One of several approvers has approved; the contract waits for the next',
  'contract.approved': 'A contract is in force',
  'contract.rejected': 'A contract that waited was refused',
  'contract.revoked': 'A contract that was in force, or waited, was ended',
  'contract.restored': 'A contract that was revoked is in force again',
  'contract.tier-requested': 'A contract in force asks for another tier; until then the one that it has holds',
  'contract.tier-changed': 'A contract has another tier',
  'contract.tier-rejected': 'Another tier was refused; the one that the contract has holds',
  'contract.expiring': 'A contract in force expires in 30, 7 or 1 days',
  'contract.expired': 'A contract has expired: its requests are denied',
  'contract.deleted': 'A contract was deleted',
  'application.created': 'A client application was made',
  'application.deleted': 'A client application was deleted',
  'secret.made': 'A client application has one more secret or API key',
  'secret.rotated': 'A secret or an API key took the place of another, which ends at a time',
  'secret.ended': 'A secret or an API key was ended before its time',
  'secret.ending': 'A secret or an API key ends in 30, 7 or 1 days',
  'secret.expired': 'A secret or an API key has ended at its time',
  'api.created': 'An API was made',
  'api.published': 'An API is published',
  'api.deprecated': 'An API is deprecated: look for the one that takes its place',
  'api.retired': 'An API is retired: it takes no new contracts',
  'api.deleted': 'An API was deleted',
  'alert.firing': 'What an Alert looks at is as it should not be',
  'alert.resolved': 'What an Alert looks at is as it should be again',
  'sidecar.faulty': 'A sidecar does not enforce what the log says, because it holds documents back',
  'sidecar.stale': 'A sidecar was not heard for too long',
  'sidecar.recovered': 'A sidecar that was faulty or stale is as it should be',
  'document.withheld': 'A sidecar holds back a document that it can not enforce',
  'document.enforced': 'No sidecar holds back the document any more',
  'login.limited': 'Nobody may log in to an account for a while, after too many attempts',
  'token.expiring': 'An access token ends in 7 or 1 days',
  'token.expired': 'An access token has ended at its time',
} as const satisfies Readonly<Record<string, string>>;

export type EventName = keyof typeof EVENT_KINDS;

export const EVENT_NAMES = Object.keys(EVENT_KINDS) as readonly EventName[];

/** A name, `contract.*`, or `*`. */
const PATTERN = /^(?:\*|[a-z]+\.(?:\*|[a-z-]+))$/;

/** Why a pattern is none that an event can fit; undefined: one can. */
export function problemOfPattern(pattern: string): string | undefined {
  if (!PATTERN.test(pattern)) return 'expected the name of an event such as contract.approved, contract.*, or "*"';
  if (EVENT_NAMES.some((name) => isMeant(pattern, name))) return undefined;
  return `there is no event ${JSON.stringify(pattern)}`;
}

/** Whether a pattern means an event. */
export function isMeant(pattern: string, name: string): boolean {
  if (pattern === '*' || pattern === name) return true;
  return pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1));
}
