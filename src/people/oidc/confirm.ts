import type { Clock } from '../../clock.ts';
import type { Inside } from '../../database/inside.ts';
import { Code, RpcError } from '../../grpc/rpc.ts';
import type { Confirming } from '../identify.ts';
import type { People } from '../people.ts';
import type { PresentedSession, Sessions } from '../sessions.ts';
import { ProviderFault } from './fault.ts';
import type { Provider } from './provider.ts';

export interface ConfirmOptions {
  /** How often the provider is asked. */
  readonly everyMs: number;
  /** How long a session is good while the provider can't be asked. */
  readonly withoutMs: number;
}

export interface ConfirmPorts {
  readonly provider: Pick<Provider, 'issuer' | 'refresh'>;
  readonly sessions: Pick<Sessions, 'beginCheck' | 'checked' | 'in'>;
  readonly people: Pick<People, 'subjectOf' | 'take'>;
  readonly clock: Clock;
  /** Ends sessions, and keeps that the provider did. @param end whose it has ended */
  readonly ended: (end: (inside: Inside) => Promise<readonly string[]>) => Promise<void>;
  /** Why the provider could not be asked. */
  readonly onAway: (detail: string) => void;
}

/** Between two attempts to ask; and as long others go on with what they know while one asks. */
const PAUSE_MS = 30_000;

/**
 * Asks the provider of a session, by its refresh token, whether its person is still who they were, and in which groups. Where
 * it does not answer, who is in stays in for a while.
 */
export function confirmingBy({ everyMs, withoutMs }: ConfirmOptions, ports: ConfirmPorts): Confirming {
  const { clock, ended, onAway, people, provider, sessions } = ports;

  const end = async (session: PresentedSession): Promise<undefined> => {
    const { id, person, providerSession } = session;
    await ended(async (inside) => {
      const own = sessions.in(inside);
      await own.end(id);
      // Those of programs that were let in from it too.
      if (providerSession !== '') await own.endOfProvider({ session: providerSession, issuer: provider.issuer });
      return [person];
    });
    return undefined;
  };

  const ask = async (
    secret: string,
    session: PresentedSession,
    refreshToken: string,
  ): Promise<PresentedSession | undefined> => {
    const now = clock.now();
    try {
      const subject = await people.subjectOf(session.person);
      const proof = await provider.refresh(refreshToken, subject ?? '');
      // Another name at the provider is another person here.
      if (proof.person.name !== session.person) return await end(session);
      const person = await people.take(proof.person, now, { isLogin: false });
      if (person === undefined) return await end(session);
      await sessions.checked(secret, now + everyMs, proof.refreshToken);
      return { ...session, groups: person.groups, checkedAt: now };
    } catch (error) {
      if (!(error instanceof ProviderFault)) throw error;
      if (error.kind !== 'away') return end(session);
      onAway(error.message);
      return session;
    }
  };

  return {
    async confirm(secret, presented) {
      let session: PresentedSession | undefined = presented;
      if (session.checkAt === undefined) return session;
      const now = clock.now();
      if (session.checkAt <= now) {
        const refreshToken = await sessions.beginCheck(secret, now + PAUSE_MS);
        if (refreshToken !== undefined) session = await ask(secret, session, refreshToken);
      }
      if (session === undefined || clock.now() - session.checkedAt < everyMs + withoutMs + PAUSE_MS) return session;
      throw new RpcError(
        Code.unavailable,
        'the identity provider does not answer, and has not said for too long that this session is still good: try again later',
      );
    },
  };
}
