import { claimOf } from './claims.ts';
import type { Claims } from './claims.ts';
import { isObject } from './jwk.ts';

const MOST = 8;

/**
 * Lists who acts for the subject of a token, the current actor first (RFC 8693, 4.1: the outermost `act` is the
 * current actor, nested ones acted before).
 * @returns an empty list if nobody acts; a sentence if the chain is malformed
 */
export function actorsOf(claims: Claims): readonly string[] | string {
  const actors: string[] = [];
  let holder: Claims = claims;
  for (;;) {
    const actor = claimOf(holder, 'act');
    if (actor === undefined) return actors;
    if (actors.length >= MOST) return `the act of the token is a chain of more than ${MOST}`;
    const subject = isObject(actor) ? claimOf(actor, 'sub') : undefined;
    if (!isObject(actor) || typeof subject !== 'string' || subject === '' || subject.length > 1024) {
      return 'the act of the token is not an object with a sub';
    }
    actors.push(subject);
    holder = actor;
  }
}
