import type { AuditTrail } from '../audit/trail.ts';
import type { Clock } from '../clock.ts';
import type { AccessTokens } from '../people/access-tokens.ts';
import type { Attempts } from '../people/attempts.ts';
import type { LoginRecord } from '../people/pages/ports.ts';
import type { People } from '../people/people.ts';
import type { ProgramLogins } from '../people/program-logins.ts';
import type { RandomBytes } from '../people/secret.ts';
import type { Sessions } from '../people/sessions.ts';
import type { PasswordChecks } from '../password/password-checks.ts';

/** What the services of people work with. */
export interface PeoplePorts {
  readonly people: People;
  readonly sessions: Sessions;
  readonly tokens: AccessTokens;
  readonly attempts: Attempts;
  readonly programs: ProgramLogins;
  readonly checks: PasswordChecks;
  readonly clock: Clock;
  readonly trail: AuditTrail;
  readonly record: LoginRecord;
  readonly randomBytes: RandomBytes;
  /** Where browsers reach this control plane. @param host as the caller has called it */
  readonly urlOf: (host: string | undefined) => string;
}
