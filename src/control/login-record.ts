import { NOBODY } from '../audit/event.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { LoginRecord } from '../people/pages/ports.ts';

const MOST_NAME = 64;

/** Who has logged in and out, as the audit trail keeps it. */
export function loginRecord(trail: AuditTrail): LoginRecord {
  return {
    loggedIn: ({ address, id, person }, by) =>
      trail.record({
        action: 'login',
        outcome: 'done',
        caller: { name: person, credential: `session:${id}`, address },
        detail: { by },
      }),
    refused: (who, address, why) =>
      trail.note({
        action: 'login',
        outcome: 'denied',
        caller: { ...NOBODY, address },
        detail: { why, ...(isName(who) && { as: who }) },
      }),
    loggedOut: ({ address, id, person }) =>
      trail.record({
        action: 'logout',
        outcome: 'done',
        caller: { name: person, credential: `session:${id}`, address },
      }),
    async ended(people, why) {
      for (const name of people) {
        await trail.record({
          action: 'session.ended',
          outcome: 'done',
          caller: NOBODY,
          target: { kind: 'User', namespace: '', name },
          detail: { why },
        });
      }
    },
  };
}

/** People type their password where their name belongs: what is no name of anybody is not kept. */
function isName(who: string): boolean {
  return who.length <= MOST_NAME && /^[a-z0-9][a-z0-9._-]*$/.test(who);
}
