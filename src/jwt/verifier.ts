import type { Clock } from '../clock.ts';
import type { Denial } from '../denial/denial.ts';
import type { Check } from '../request/check.ts';
import type { Algorithm } from './algorithms.ts';
import { faultOfClaims, faultOfTime, isBound, lifetimeOf } from './claims.ts';
import type { ClaimRules, Claims, Lifetime } from './claims.ts';
import { headerOf, objectFrom } from './compact-token.ts';
import type { Caller, KeySource } from './key-source.ts';
import type { Key } from './key.ts';
import { RefusedTokens } from './refused-tokens.ts';
import { checkSignature } from './signature-check.ts';
import type { TokenCache, TokenMemory } from './token-memory.ts';
import type { VerificationGate, VerificationLane } from './verification-gate.ts';

/** Characters. Envoy's own limit for all headers together is 60 KiB. */
const MAXIMUM_TOKEN_LENGTH = 16 * 1024;

export interface VerifierOptions<Derived> {
  readonly algorithms: readonly Algorithm[];
  readonly keys: KeySource;
  readonly rules: ClaimRules;
  readonly clock: Clock;
  readonly memory: TokenMemory;
  readonly refusals: TokenMemory;
  readonly gate: VerificationGate;
  /** What becomes of a token that counts only together with a proof of its sender, which is not looked at. */
  readonly senderConstraint: 'refuse' | 'ignore';
  /** What the policy makes of verified claims; it must depend on them alone, since it is kept with them. */
  readonly derive: (claims: Claims) => Derived;
}

export interface VerifiedToken<Derived> {
  readonly reason?: undefined;
  readonly claims: Claims;
  readonly derived: Derived;
}

type Verdict<Derived> = VerifiedToken<Derived> | Denial;

interface Verified<Derived> extends VerifiedToken<Derived> {
  readonly lifetime: Lifetime;
  /** What verified it. */
  readonly key: Key;
  readonly token: string;
  /** The header that brought it, byte for byte. */
  readonly presented: Uint8Array;
}

/**
 * Verified tokens are found by their last characters: 256 bits of the signature, so that whoever gets as far as
 * the comparison of the rest, whose time tells how much of it was right, has the whole signature already.
 */
const TAIL_LENGTH = 43;

const BOUND =
  'the token is bound to a key of its sender (cnf), and whether the sender has it is not verified (senderConstraint: ignore takes it)';

/** Verifies tokens by one set of rules: signature, time, issuer, audience and custom claims. */
export class Verifier<Derived> {
  readonly #options: VerifierOptions<Derived>;
  readonly #allowed: ReadonlySet<string>;
  readonly #cache: TokenCache<Verified<Derived>>;
  readonly #refused: RefusedTokens;
  readonly #lane: VerificationLane;

  constructor(options: VerifierOptions<Derived>) {
    this.#options = options;
    this.#allowed = new Set(options.algorithms);
    this.#cache = options.memory.open();
    this.#refused = new RefusedTokens(options.refusals);
    this.#lane = options.gate.open();
  }

  /** What {@link verify} would say at once, if this header brought a token that was verified before; else undefined. */
  recall(check: Check, header: string): VerifiedToken<Derived> | Denial | undefined {
    const tail = check.headerTail(header, TAIL_LENGTH);
    const known = tail === undefined ? undefined : this.#cache.get(tail);
    return known !== undefined && check.headerEquals(header, known.presented) ? this.#again(known) : undefined;
  }

  /**
   * At once where the token was verified before, or refused a moment ago.
   * @param deadline monotonic milliseconds: no longer is waited for keys, and no signature checked after it
   * @param presented the value of the header that brought it, by which {@link recall} finds it again
   * @param caller who may leave before the answer
   */
  verify(
    token: string,
    deadline: number,
    presented = '',
    caller?: Caller,
  ): Verdict<Derived> | Promise<Verdict<Derived>> {
    if (token.length > MAXIMUM_TOKEN_LENGTH)
      return invalid(`the token is longer than ${MAXIMUM_TOKEN_LENGTH} characters`);
    const known = this.#cache.get(token.slice(-TAIL_LENGTH));
    const again = known?.token === token ? this.#again(known) : undefined;
    if (again !== undefined) return again;
    const { keys, clock } = this.#options;
    const refused = this.#refused.recall(token, keys.version, clock.monotonic());
    return refused ?? this.#verifyAnew(token, presented, { deadline, caller });
  }

  #again(known: Verified<Derived>): Verdict<Derived> | undefined {
    if (known.key.retired) return undefined;
    const fault = faultOfTime(known.lifetime, this.#options.clock.now());
    // An expired token stays in its place until it is forgotten: it is refused faster than it is verified.
    return fault === undefined ? known : invalid(fault);
  }

  close(): void {
    this.#options.memory.close(this.#cache);
    this.#refused.close();
    this.#options.keys.close();
  }

  async #verifyAnew(
    token: string,
    presented: string,
    { deadline, caller }: { readonly deadline: number; readonly caller: Caller | undefined },
  ): Promise<Verdict<Derived>> {
    const { keys, rules, clock, derive, senderConstraint } = this.#options;
    const anyType = senderConstraint === 'ignore';
    const header = headerOf(token, { algorithms: this.#allowed, anyType });
    if (typeof header === 'string') return invalid(header);
    const signed = await checkSignature(token, header, { keys, lane: this.#lane, clock, deadline, caller });
    if (signed.reason === 'unsigned') {
      return this.#refuse(token, signed.detail, { keys: signed.keysVersion, forMs: keys.askableInMs() });
    }
    if (signed.reason !== undefined) return signed;
    const lasting = { keys: keys.version, forMs: Infinity };
    const claims = objectFrom(signed.payload);
    if (claims === undefined) return this.#refuse(token, 'the payload of the token is no JSON object', lasting);
    if (senderConstraint === 'refuse' && isBound(claims)) return this.#refuse(token, BOUND, lasting);
    const lifetime = lifetimeOf(claims, rules);
    if (typeof lifetime === 'string') return this.#refuse(token, lifetime, lasting);
    const now = clock.now();
    const fault = faultOfTime(lifetime, now) ?? faultOfClaims(claims, rules);
    // What is too early may be right at any moment.
    if (fault !== undefined) return now < lifetime.notBeforeMs ? invalid(fault) : this.#refuse(token, fault, lasting);
    const kept = { token, presented: Buffer.from(presented) };
    const verified: Verified<Derived> = { claims, derived: derive(claims), lifetime, key: signed.key, ...kept };
    this.#cache.set(token.slice(-TAIL_LENGTH), verified, bytesOf(token));
    return verified;
  }

  #refuse(token: string, detail: string, asked: { readonly keys: number; readonly forMs: number }): Denial {
    const denial = invalid(detail);
    this.#refused.remember(token, denial, { ...asked, now: this.#options.clock.monotonic() });
    return denial;
  }
}

/** An estimate: token and header, and claims of one and a half times the token, more where they are many small values. */
function bytesOf(token: string): number {
  return 512 + 5 * token.length;
}

function invalid(detail: string): Denial {
  return { reason: 'token_invalid', detail };
}
