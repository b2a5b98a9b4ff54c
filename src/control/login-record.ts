import { NOBODY } from '../audit/event.ts';
import type { AuditEvent } from '../audit/event.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { LoginRecord } from '../people/pages/ports.ts';
import type { Session } from '../people/sessions.ts';

const MOST_NAME = 64;

/** Who has logged in and out, as the audit trail keeps it. */
export function loginRecord(trail: AuditTrail): LoginRecord {
  return {
    loggedIn: (begin, by) =>
      trail.recorded(begin, (session) => ({
        action: 'login',
        outcome: 'done',
        caller: callerOf(session),
        detail: { by },
      })),
    refused: (who, address, why) =>
      trail.note({
        action: 'login',
        outcome: 'denied',
        caller: { ...NOBODY, address },
        detail: { why, ...(isName(who) && { as: who }) },
      }),
    async loggedOut(session, end) {
      await trail.recorded(end, () => ({ action: 'logout', outcome: 'done', caller: callerOf(session) }));
    },
    async ended(end, why) {
      await trail.recorded(end, (people) => people.map((name) => endedEvent(name, why)));
    },
    taken: (take) =>
      trail.recorded(take, (person) =>
        person?.wasAnother === true
          ? endedEvent(person.name, 'the provider gives the name to somebody else: tokens have ended too')
          : undefined,
      ),
  };
}

function callerOf({ address, id, person }: Pick<Session, 'address' | 'id' | 'person'>): AuditEvent['caller'] {
  return { name: person, credential: `session:${id}`, address };
}

function endedEvent(name: string, why: string): AuditEvent {
  const target = { kind: 'User', namespace: '', name };
  return { action: 'session.ended', outcome: 'done', caller: NOBODY, target, detail: { why } };
}

/** People type their password where their name belongs: what is no name of anybody is not kept. */
function isName(who: string): boolean {
  return who.length <= MOST_NAME && /^[a-z0-9][a-z0-9._-]*$/.test(who);
}
