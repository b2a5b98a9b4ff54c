import type { DenialOf } from '../denial/denial.ts';
import type { ReasonEntry } from '../denial/reasons.ts';

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
