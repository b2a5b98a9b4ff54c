import type { Clock } from '../clock.ts';
import type { Denial } from '../denial/denial.ts';
import type { Check } from '../request/check.ts';
import { claimOf, faultOfClaims, faultOfTime, isBound, lifetimeOf } from './claims.ts';
import type { Claims, Lifetime } from './claims.ts';
import { headerOf, MAXIMUM_TOKEN_LENGTH, NO_OBJECT, objectFrom, unverifiedClaims } from './compact-token.ts';
import { signsFor } from './issuer-name.ts';
import type { Issuer, Issuers } from './issuers.ts';
import type { Caller } from './wait-limit.ts';
import type { Key } from './key.ts';
import { RefusedTokens } from './refused-tokens.ts';
import type { Tried } from './refused-tokens.ts';
import { checkSignature } from './signature-check.ts';
import type { TokenCache, TokenMemory } from './token-memory.ts';
import type { VerificationGate, VerificationLane } from './verification-gate.ts';

export interface VerifierOptions<Derived> {
  readonly issuers: Issuers;
  readonly clock: Clock;
  readonly memory: TokenMemory;
  readonly refusals: TokenMemory;
  readonly gate: VerificationGate;
  /** What happens to a token that demands a proof from its sender. `derive`: the function `derive` handles it. */
  readonly senderConstraint: 'refuse' | 'ignore' | 'derive';
  /**
   * Derives a policy's own data from verified claims. It must depend only on its arguments, because the result is
   * cached with the token.
   */
  readonly derive: (claims: Claims, issuer: Issuer) => Derived;
}

export interface VerifiedToken<Derived> {
  readonly reason?: undefined;
  readonly claims: Claims;
  readonly derived: Derived;
}

type Verification<Derived> = VerifiedToken<Derived> | Denial;

interface Verified<Derived> extends VerifiedToken<Derived> {
  readonly lifetime: Lifetime;
  /** The key that verified it. */
  readonly key: Key;
  readonly token: string;
  /** The value of the header that brought the token, byte for byte. */
  readonly presented: Uint8Array;
}

/**
 * Verified tokens are found by their last characters, which are 256 bits of the signature. Then the rest is compared.
 * The time of this comparison reveals how much is equal, but only to a caller who already has the whole signature.
 */
const TAIL_LENGTH = 43;

const BOUND =
  'the token is bound to a key of its sender (cnf), and whether the sender has it is not verified (senderConstraint: certificate verifies it where that is a certificate, ignore takes it)';

/** Verifies tokens by the rules of their issuers: signature, time, issuer, audience and custom claims. */
export class Verifier<Derived> {
  readonly #options: VerifierOptions<Derived>;
  readonly #cache: TokenCache<Verified<Derived>>;
  readonly #refused: RefusedTokens;
  readonly #lane: VerificationLane;

  constructor(options: VerifierOptions<Derived>) {
    this.#options = options;
    this.#cache = options.memory.open();
    this.#refused = new RefusedTokens(options.refusals);
    this.#lane = options.gate.open();
  }

  /**
   * Returns what {@link verify} would return at once, if this header brought a token that was verified before;
   * otherwise undefined.
   */
  recall(check: Check, header: string): VerifiedToken<Derived> | Denial | undefined {
    const tail = check.headerTail(header, TAIL_LENGTH);
    const known = tail === undefined ? undefined : this.#cache.get(tail);
    return known !== undefined && check.headerEquals(header, known.presented) ? this.#again(known) : undefined;
  }

  /**
   * Answers at once if the token was verified before, or refused a moment ago.
   * @param deadline monotonic milliseconds: after it no keys are awaited and no signature is checked
   * @param presented the value of the header that brought the token; {@link recall} finds the token by it
   * @param caller may leave before the answer
   */
  verify(
    token: string,
    deadline: number,
    presented = '',
    caller?: Caller,
  ): Verification<Derived> | Promise<Verification<Derived>> {
    if (token.length > MAXIMUM_TOKEN_LENGTH)
      return invalid(`the token is longer than ${MAXIMUM_TOKEN_LENGTH} characters`);
    const known = this.#cache.get(token.slice(-TAIL_LENGTH));
    const again = known?.token === token ? this.#again(known) : undefined;
    if (again !== undefined) return again;
    const refused = this.#refused.recall(token, this.#options.clock.monotonic());
    return refused ?? this.#verifyAnew(token, presented, { deadline, caller });
  }

  #again(known: Verified<Derived>): Verification<Derived> | undefined {
    if (known.key.retired) return undefined;
    const fault = faultOfTime(known.lifetime, this.#options.clock.now());
    // An expired token stays cached until it is forgotten, because refusing it is faster than verifying it again.
    return fault === undefined ? known : invalid(fault);
  }

  close(): void {
    this.#options.memory.close(this.#cache);
    this.#refused.close();
    for (const { keys } of this.#options.issuers.all) keys.close();
  }

  async #verifyAnew(
    token: string,
    presented: string,
    { deadline, caller }: { readonly deadline: number; readonly caller: Caller | undefined },
  ): Promise<Verification<Derived>> {
    const { clock, derive, issuers, senderConstraint } = this.#options;
    const said = issuers.only === undefined ? unverifiedClaims(token) : undefined;
    if (typeof said === 'string') return invalid(said);
    const issuer = said === undefined ? issuers.only : issuers.choose(said);
    if (issuer === undefined) return invalid('the token is of none of the issuers');
    const { algorithms, keys, rules } = issuer;
    const header = headerOf(token, { algorithms, anyType: senderConstraint === 'ignore' });
    if (typeof header === 'string') return invalid(header);
    const named = said === undefined ? undefined : claimOf(said, 'iss');
    const admits = (key: Key): boolean => said === undefined || signsFor(key.issuer, named);
    const signed = await checkSignature(token, header, { keys, lane: this.#lane, clock, deadline, caller, admits });
    if (signed.reason === 'unsigned') {
      return this.#refuse(token, signed.detail, { keys, version: signed.keysVersion, forMs: keys.askableInMs() });
    }
    if (signed.reason !== undefined) return signed;
    const lasting = { keys, version: keys.version, forMs: Infinity };
    const claims = objectFrom(signed.payload);
    if (claims === undefined) return this.#refuse(token, NO_OBJECT, lasting);
    if (senderConstraint === 'refuse' && isBound(claims)) return this.#refuse(token, BOUND, lasting);
    const lifetime = lifetimeOf(claims, rules);
    if (typeof lifetime === 'string') return this.#refuse(token, lifetime, lasting);
    const now = clock.now();
    const fault = faultOfTime(lifetime, now) ?? faultOfClaims(claims, rules);
    // A token that is not valid yet may become valid at any moment.
    if (fault !== undefined) return now < lifetime.notBeforeMs ? invalid(fault) : this.#refuse(token, fault, lasting);
    const kept = { token, presented: Buffer.from(presented) };
    const verified: Verified<Derived> = { claims, derived: derive(claims, issuer), lifetime, key: signed.key, ...kept };
    this.#cache.set(token.slice(-TAIL_LENGTH), verified, bytesOf(token));
    return verified;
  }

  #refuse(token: string, detail: string, tried: Tried): Denial {
    const denial = invalid(detail);
    this.#refused.remember(token, denial, { ...tried, now: this.#options.clock.monotonic() });
    return denial;
  }
}

/**
 * An estimate: the token, the header, and one and a half times the token for the claims, or more if they are many
 * small values.
 */
function bytesOf(token: string): number {
  return 512 + 5 * token.length;
}

function invalid(detail: string): Denial {
  return { reason: 'token_invalid', detail };
}
