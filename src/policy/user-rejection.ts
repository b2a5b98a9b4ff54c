import type { DenialOf } from '../denial/denial.ts';
import type { ReasonEntry } from '../denial/reasons.ts';
import { hasBasic, parseBasic } from './basic-credentials.ts';
import type { BasicCredentials } from './basic-credentials.ts';

/** Only logs tell these apart: the caller always sees the same 401. */
export type UserRejection = 'credentials_missing' | 'credentials_malformed' | 'user_unknown' | 'password_wrong';

declare module '../denial/denial.ts' {
  interface Reasons {
    /** By policies that take a user's name and password. */
    user_rejected: { readonly cause: UserRejection; readonly challenge: string };
  }
}

/** For the kinds that give this reason. */
export const USER_REJECTED: ReasonEntry<'user_rejected'> = {
  httpStatus: 401,
  sentence: 'Invalid user name or password.',
  headers: ({ challenge }) => [['www-authenticate', challenge]],
  meaning: 'user name and password missing, malformed, unknown or wrong',
};

export function userRejected(cause: UserRejection, detail: string, challenge: string): DenialOf<'user_rejected'> {
  return { reason: 'user_rejected', cause, detail, challenge };
}

/**
 * The name and the password of a request, or why the request is refused before anybody is asked about them.
 * @param authorization the header's value
 * @param problemOf what no user of this policy can have, to follow "the HTTP Basic credentials"
 */
export function userCredentials(
  authorization: string | undefined,
  challenge: string,
  problemOf: (credentials: BasicCredentials) => string | undefined,
): BasicCredentials | DenialOf<'user_rejected'> {
  if (authorization === undefined || !hasBasic(authorization)) {
    return userRejected('credentials_missing', 'the request has no HTTP Basic credentials', challenge);
  }
  const credentials = parseBasic(authorization);
  if (credentials === undefined) {
    return userRejected('credentials_malformed', 'the HTTP Basic credentials are malformed', challenge);
  }
  const problem = problemOf(credentials);
  if (problem === undefined) return credentials;
  return userRejected('credentials_malformed', `the HTTP Basic credentials ${problem}`, challenge);
}
