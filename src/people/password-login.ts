import type { PasswordChecks } from '../password/password-checks.ts';
import { parsePasswordHash } from '../password/password-hash.ts';
import type { PasswordHash } from '../password/password-hash.ts';
import type { Attempts } from './attempts.ts';
import { LOCAL, problemOfLocalName } from './people.ts';
import type { People, Person } from './people.ts';

export interface PasswordLoginPorts {
  readonly people: Pick<People, 'find' | 'loggedIn'>;
  readonly attempts: Pick<Attempts, 'login' | 'succeeded'>;
  readonly checks: Pick<PasswordChecks, 'check'>;
  readonly now: () => number;
}

export interface PasswordGiven {
  /** Without `local:`. */
  readonly name: string;
  readonly password: string;
  /** Empty: not known. */
  readonly address: string;
  readonly signal: AbortSignal | undefined;
}

/** `wrong` tells nothing of why: of no such user, of a wrong password, of one who is disabled. */
export type PasswordResult =
  | { readonly result: 'right'; readonly person: Person }
  | { readonly result: 'wrong' }
  | { readonly result: 'busy' }
  | { readonly result: 'too_many'; readonly waitMs: number };

/** The longest name that is looked at. */
const MOST_NAME = 256;

/**
 * The hash that is compared where there is no such user: of the parameters that all have, so that it takes as long. No
 * password has it: its digest was drawn.
 */
const DECOY = parsePasswordHash(
  '$argon2id$v=19$m=19456,t=2,p=1$b3N0aWFyeSBkZWNveSAwMQ$3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs',
);

/**
 * Compares a password. Whether there is such a user makes no difference to what is done, how long it takes or what is
 * answered: an attempt is taken, a hash is compared, and who is not let in hears the same.
 * @throws DatabaseFault (rejects with it)
 */
export async function logInByPassword(
  { name, password, address, signal }: PasswordGiven,
  { people, attempts, checks, now }: PasswordLoginPorts,
): Promise<PasswordResult> {
  const user = `${LOCAL}${name.slice(0, MOST_NAME)}`;
  const taken = await attempts.login(user, address);
  const refused = taken.find((each) => 'waitMs' in each);
  if (refused !== undefined && 'waitMs' in refused) return { result: 'too_many', waitMs: refused.waitMs };
  const found = problemOfLocalName(name) === undefined ? await people.find(user) : undefined;
  const own = found === undefined ? undefined : parsePasswordHash(found.passwordHash);
  const hash = own === undefined || typeof own === 'string' ? decoy() : own;
  const isKnown = hash === own && found?.isDisabled === false;
  // A colon parts user and password in what is remembered of checks.
  const question = { user: user.slice(LOCAL.length).replaceAll(':', ' '), password, hash, isKnown };
  const answer = await checks.check(question, { deadline: Infinity, signal });
  if (answer === 'wrong') return { result: 'wrong' };
  if (answer !== 'right' || found === undefined) return { result: 'busy' };
  await attempts.succeeded(user, address, taken);
  await people.loggedIn(user, now());
  return { result: 'right', person: found };
}

function decoy(): PasswordHash {
  if (typeof DECOY === 'string') throw new TypeError(`the decoy ${DECOY}`);
  return DECOY;
}
