import type { Clock } from '../../clock.ts';
import type { Inside } from '../../database/inside.ts';
import type { AddressOf } from '../../grpc/peer-address.ts';
import type { Attempts } from '../attempts.ts';
import type { CookieRules } from '../cookies.ts';
import type { Confirming } from '../identify.ts';
import type { Provider } from '../oidc/provider.ts';
import type { FirstLink, FirstToken } from '../first-token.ts';
import type { OwnOrigin } from '../own-origin.ts';
import type { PasswordLoginPorts } from '../password-login.ts';
import type { People, TakenPerson } from '../people.ts';
import type { ProgramLogins } from '../program-logins.ts';
import type { RandomBytes } from '../secret.ts';
import type { Session, Sessions } from '../sessions.ts';

/** What the audit trail keeps of a session. */
type ToldSession = Pick<Session, 'address' | 'id' | 'person'>;

export type LoggedInBy = 'password' | 'provider' | 'program' | 'first token';

/** Does things and keeps in the audit trail that they were done, each in one transaction. Each rejects where that fails. */
export interface LoginRecord {
  loggedIn<Begun extends ToldSession>(begin: (inside: Inside) => Promise<Begun>, by: LoggedInBy): Promise<Begun>;
  /** @param who as they have called themselves; it may be anything */
  refused(who: string, address: string, why: string): void;
  loggedOut(session: ToldSession, end: (inside: Inside) => Promise<unknown>): Promise<void>;
  /** Ends sessions of people who do not end them themselves. @param end whose sessions it has ended */
  ended(end: (inside: Inside) => Promise<readonly string[]>, why: string): Promise<void>;
  /** Takes somebody from the provider, whose name may have been somebody else's. */
  taken(take: (inside: Inside) => Promise<TakenPerson | undefined>): Promise<TakenPerson | undefined>;
}

/** What the pages of login work with. */
export interface PagePorts {
  readonly people: People;
  readonly sessions: Sessions;
  readonly attempts: Attempts;
  readonly programs: ProgramLogins;
  readonly checks: PasswordLoginPorts['checks'];
  readonly addressOf: AddressOf;
  readonly origin: OwnOrigin;
  readonly cookies: CookieRules;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly record: LoginRecord;
  readonly firstToken: FirstToken;
  readonly firstLink: FirstLink;
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
