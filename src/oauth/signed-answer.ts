import type { Clock } from '../clock.ts';
import type { Algorithm } from '../jwt/algorithms.ts';
import { claimOf } from '../jwt/claims.ts';
import type { Claims } from '../jwt/claims.ts';
import { headerOf, objectFrom } from '../jwt/compact-token.ts';
import { signsFor } from '../jwt/issuer-name.ts';
import { isObject } from '../jwt/jwk.ts';
import type { KeySource } from '../jwt/key-source.ts';
import { checkSignature } from '../jwt/signature-check.ts';
import type { VerificationLane } from '../jwt/verification-gate.ts';
import { ServerFault } from './fault.ts';

/** Verifies answers that the authorization server has signed (RFC 9701). */
export interface SignedAnswers {
  /**
   * @param deadline monotonic milliseconds
   * @throws ServerFault (rejects with it) if the answer is not valid
   */
  claimsOf(jwt: string, deadline: number): Promise<Claims>;
  close(): void;
}

export interface SignedAnswersOptions {
  readonly keys: KeySource;
  readonly algorithms: readonly Algorithm[];
  readonly lane: VerificationLane;
  readonly clock: Clock;
  /** The issuer that must have signed. */
  readonly issuer: string;
  /** The audience of the answers: our own client id. */
  readonly audience: string;
}

/**
 * The oldest answer accepted: an older one may have been recorded and sent again. Leaves room for clocks that differ.
 */
const MAX_AGE_MS = 5 * 60_000;

export function signedAnswers(options: SignedAnswersOptions): SignedAnswers {
  const { keys, lane, clock, issuer, audience } = options;
  const algorithms = new Set(options.algorithms);
  return {
    async claimsOf(jwt, deadline) {
      const header = headerOf(jwt, { algorithms, anyType: true });
      if (typeof header === 'string') throw new ServerFault(`its signed answer can't be read: ${header}`);
      // RFC 9701, 5: an access token, or an answer to another client, must not be accepted.
      if (typOf(jwt) !== 'token-introspection+jwt') throw new ServerFault('its answer is a token of another type');
      const signed = await checkSignature(jwt, header, {
        keys,
        lane,
        clock,
        deadline,
        caller: undefined,
        admits: (key) => signsFor(key.issuer, issuer),
      });
      if (signed.reason !== undefined) throw new ServerFault(`its signed answer can't be verified: ${signed.detail}`);
      const payload = objectFrom(signed.payload);
      if (payload === undefined) throw new ServerFault('the payload of its answer is no JSON object');
      if (claimOf(payload, 'iss') !== issuer) throw new ServerFault('its signed answer is of another issuer');
      if (![claimOf(payload, 'aud')].flat().includes(audience)) {
        throw new ServerFault('its signed answer is for another client');
      }
      const issuedAt = claimOf(payload, 'iat');
      if (typeof issuedAt !== 'number' || Math.abs(issuedAt * 1000 - clock.now()) > MAX_AGE_MS) {
        throw new ServerFault('its signed answer was not made now');
      }
      const claims = claimOf(payload, 'token_introspection');
      if (!isObject(claims)) throw new ServerFault('its signed answer has no token_introspection');
      return claims;
    },
    close: () => keys.close(),
  };
}

function typOf(jwt: string): unknown {
  const typ = objectFrom(Buffer.from(jwt.slice(0, jwt.indexOf('.')), 'base64url'))?.['typ'];
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined;
}
