import { NOBODY } from '../audit/event.ts';
import type { AuditEvent } from '../audit/event.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { LoginRecord } from '../people/pages/ports.ts';
import { LOCAL, problemOfLocalName } from '../people/people.ts';
import type { People } from '../people/people.ts';
import type { Session } from '../people/sessions.ts';

/** Who has logged in and out, as the audit trail keeps it. */
export function loginRecord(trail: AuditTrail, people: Pick<People, 'find'>): LoginRecord {
  /** People type their password where their name belongs: what is the name of nobody is not kept. */
  const isSomebody = async (who: string): Promise<boolean> =>
    problemOfLocalName(who) === undefined && (await people.find(`${LOCAL}${who}`)) !== undefined;
  return {
    loggedIn: (begin, by) =>
      trail.recorded(begin, (session) => ({
        action: 'login',
        outcome: 'done',
        caller: callerOf(session),
        detail: { by },
      })),
    refused(who, address, why) {
      const note = (as: { readonly as?: string }): void =>
        trail.note({ action: 'login', outcome: 'denied', caller: { ...NOBODY, address }, detail: { why, ...as } });
      void isSomebody(who).then(
        (is) => note(is ? { as: who } : {}),
        () => note({}),
      );
    },
    async loggedOut(session, end) {
      await trail.recorded(end, () => ({ action: 'logout', outcome: 'done', caller: callerOf(session) }));
    },
    async ended(end, why) {
      await trail.recorded(end, (names) => names.map((name) => endedEvent(name, why)));
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
