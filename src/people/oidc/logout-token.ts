import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import type { Clock } from '../../clock.ts';
import type { Egress } from '../../egress/egress.ts';
import { ALGORITHMS } from '../../jwt/algorithms.ts';
import { egressFetch } from './egress-fetch.ts';
import { ProviderFault } from './fault.ts';

/** Whose sessions a provider has ended: one of its own, or all of a subject. */
export type LoggedOut = { readonly session: string } | { readonly subject: string };

export interface LogoutTokensOptions {
  readonly issuer: string;
  readonly clientId: string;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** By keys that a provider publishes: not by one that is shared. */
const BY_PUBLISHED_KEYS = ALGORITHMS.filter((name) => !name.startsWith('HS'));
const TOLERANCE_SECONDS = 60;
const MOST_AGE_SECONDS = 10 * 60;
/** Strangers may send tokens with keys that nobody has. */
const COOLDOWN_MS = 30_000;
const MOST_LENGTH = 16_384;

/** Reads what a provider sends when a session there ends (OpenID Connect Back-Channel Logout 1.0, 2.6). */
export class LogoutTokens {
  readonly #options: LogoutTokensOptions;
  readonly #ports: { readonly egress: Egress; readonly clock: Clock };
  #keys: { readonly url: string; readonly find: ReturnType<typeof createRemoteJWKSet> } | undefined;

  constructor(options: LogoutTokensOptions, ports: { readonly egress: Egress; readonly clock: Clock }) {
    this.#options = options;
    this.#ports = ports;
  }

  /** @throws ProviderFault (rejects with it): it is no such token of this provider, for us */
  async verify(token: string, keysUrl: string | undefined): Promise<LoggedOut> {
    if (token.length > MOST_LENGTH || keysUrl === undefined) throw refused();
    const { clientId, issuer } = this.#options;
    try {
      const { payload } = await jwtVerify(token, this.#keysAt(keysUrl), {
        issuer,
        audience: clientId,
        algorithms: BY_PUBLISHED_KEYS,
        clockTolerance: TOLERANCE_SECONDS,
        maxTokenAge: MOST_AGE_SECONDS,
        currentDate: new Date(this.#ports.clock.now()),
        requiredClaims: ['iat', 'events'],
      });
      const { events, nonce, sid, sub } = payload;
      // An ID token must not be taken for one.
      const isLogout = typeof events === 'object' && events !== null && EVENT in events && nonce === undefined;
      if (!isLogout) throw refused();
      if (typeof sid === 'string' && sid !== '') return { session: sid };
      if (typeof sub === 'string' && sub !== '') return { subject: sub };
      throw refused();
    } catch (error) {
      if (error instanceof errors.JOSEError) throw refused(error);
      throw error;
    }
  }

  #keysAt(url: string): ReturnType<typeof createRemoteJWKSet> {
    if (this.#keys?.url !== url) {
      const options = { [customFetch]: egressFetch(this.#ports.egress), cooldownDuration: COOLDOWN_MS };
      const find = createRemoteJWKSet(new URL(url), options as unknown as Parameters<typeof createRemoteJWKSet>[1]);
      this.#keys = { url, find };
    }
    return this.#keys.find;
  }
}

function refused(cause?: Error): ProviderFault {
  return new ProviderFault('refused', 'this is no logout token of the provider for this control plane', { cause });
}
