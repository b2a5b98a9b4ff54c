import type { Clock } from '../../clock.ts';
import type { Attempts } from '../attempts.ts';
import type { CookieRules } from '../cookies.ts';
import type { Confirming } from '../identify.ts';
import type { Provider } from '../oidc/provider.ts';
import type { OwnOrigin } from '../own-origin.ts';
import type { PasswordLoginPorts } from '../password-login.ts';
import type { People } from '../people.ts';
import type { ProgramLogins } from '../program-logins.ts';
import type { RandomBytes } from '../secret.ts';
import type { Session, Sessions } from '../sessions.ts';

/** What is told to the audit trail before a browser hears of it. Each rejects where it can't be kept. */
export interface LoginRecord {
  loggedIn(session: Pick<Session, 'address' | 'id' | 'person'>, by: 'password' | 'provider' | 'program'): Promise<void>;
  /** @param who as they have called themselves; it may be anything */
  refused(who: string, address: string, why: string): void;
  loggedOut(session: Pick<Session, 'address' | 'id' | 'person'>): Promise<void>;
  /** Sessions were ended by others than their person. */
  ended(people: readonly string[], why: string): Promise<void>;
}

/** What the pages of login work with. */
export interface PagePorts {
  readonly people: People;
  readonly sessions: Sessions;
  readonly attempts: Attempts;
  readonly programs: ProgramLogins;
  readonly checks: PasswordLoginPorts['checks'];
  readonly origin: OwnOrigin;
  readonly cookies: CookieRules;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly record: LoginRecord;
  /** How long a session lives. */
  readonly maxAgeMs: number;
  /** The identity provider; undefined: there is none. */
  readonly provider:
    | { readonly provider: Provider; readonly confirming: Confirming; readonly recheckMs: number }
    | undefined;
  /** An attempt was not taken, because there were too many. */
  readonly limited: (account: string, address: string) => void;
  /** What went wrong with the provider, for the operator's log. */
  readonly onProviderFault: (detail: string) => void;
}
