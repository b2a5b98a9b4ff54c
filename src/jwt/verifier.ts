import { compactVerify, decodeProtectedHeader } from 'jose';
import type { Clock } from '../clock.ts';
import type { Denial } from '../denial/denial.ts';
import type { Check } from '../request/check.ts';
import { isAlgorithm } from './algorithms.ts';
import type { Algorithm } from './algorithms.ts';
import { faultOfClaims, faultOfTime, lifetimeOf } from './claims.ts';
import type { ClaimRules, Claims, Lifetime } from './claims.ts';
import { isObject } from './jwk.ts';
import type { KeySource } from './key-source.ts';
import type { Key } from './key.ts';
import type { TokenCache, TokenMemory } from './token-memory.ts';

/** Characters. Envoy's own limit for all headers together is 60 KiB. */
const MAXIMUM_TOKEN_LENGTH = 16 * 1024;
/** How many keys one token is tried with: each try costs a signature check. */
const MAXIMUM_TRIES = 8;

export interface VerifierOptions<Derived> {
  readonly algorithms: readonly Algorithm[];
  readonly keys: KeySource;
  readonly rules: ClaimRules;
  readonly clock: Clock;
  readonly memory: TokenMemory;
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

/** Verifies tokens by one set of rules: signature, time, issuer, audience and custom claims. */
export class Verifier<Derived> {
  readonly #options: VerifierOptions<Derived>;
  readonly #allowed: ReadonlySet<string>;
  readonly #cache: TokenCache<Verified<Derived>>;

  constructor(options: VerifierOptions<Derived>) {
    this.#options = options;
    this.#allowed = new Set(options.algorithms);
    this.#cache = options.memory.open();
  }

  /** What {@link verify} would say at once, if this header brought a token that was verified before; else undefined. */
  recall(check: Check, header: string): VerifiedToken<Derived> | Denial | undefined {
    const tail = check.headerTail(header, TAIL_LENGTH);
    const known = tail === undefined ? undefined : this.#cache.get(tail);
    return known !== undefined && check.headerEquals(header, known.presented) ? this.#again(known) : undefined;
  }

  /**
   * At once where the token was verified before.
   * @param deadline monotonic milliseconds: no longer is waited for keys
   * @param presented the value of the header that brought it, by which {@link recall} finds it again
   */
  verify(token: string, deadline: number, presented = ''): Verdict<Derived> | Promise<Verdict<Derived>> {
    if (token.length > MAXIMUM_TOKEN_LENGTH)
      return invalid(`the token is longer than ${MAXIMUM_TOKEN_LENGTH} characters`);
    const known = this.#cache.get(token.slice(-TAIL_LENGTH));
    return (known?.token === token ? this.#again(known) : undefined) ?? this.#verifyAnew(token, deadline, presented);
  }

  #again(known: Verified<Derived>): Verdict<Derived> | undefined {
    if (known.key.retired) return undefined;
    const fault = faultOfTime(known.lifetime, this.#options.clock.now());
    // An expired token stays in its place until it is forgotten: it is refused faster than it is verified.
    return fault === undefined ? known : invalid(fault);
  }

  close(): void {
    this.#options.memory.close(this.#cache);
    this.#options.keys.close();
  }

  async #verifyAnew(token: string, deadline: number, presented: string): Promise<Verdict<Derived>> {
    const header = this.#headerOf(token);
    if (typeof header === 'string') return invalid(header);
    const signed = await this.#findKey(token, header, deadline);
    if ('reason' in signed) return signed;
    const claims = claimsFrom(signed.payload);
    if (claims === undefined) return invalid('the payload of the token is no JSON object');
    const { rules, clock, derive } = this.#options;
    const lifetime = lifetimeOf(claims, rules);
    if (typeof lifetime === 'string') return invalid(lifetime);
    const fault = faultOfTime(lifetime, clock.now()) ?? faultOfClaims(claims, rules);
    if (fault !== undefined) return invalid(fault);
    const kept = { token, presented: Buffer.from(presented) };
    const verified: Verified<Derived> = { claims, derived: derive(claims), lifetime, key: signed.key, ...kept };
    this.#cache.set(token.slice(-TAIL_LENGTH), verified, bytesOf(token));
    return verified;
  }

  /** Of the header only `alg`, `kid` and `crit` count: keys and URLs in it (`jwk`, `jku`, `x5c`, `x5u`) are the caller's. */
  #headerOf(token: string): Header | string {
    if (!COMPACT.test(token)) return 'the token is no JWS in compact form (three parts in base64url)';
    let header;
    try {
      header = decodeProtectedHeader(token);
    } catch {
      return 'the header of the token is malformed';
    }
    const { alg, kid } = header;
    if (Object.hasOwn(header, 'crit')) return 'the token has a crit header, and no extension is supported';
    if (!isAlgorithm(alg) || !this.#allowed.has(alg)) return 'the algorithm of the token is not allowed';
    return kid === undefined || typeof kid === 'string' ? { alg, kid } : 'the kid of the token is no string';
  }

  async #findKey(token: string, { alg, kid }: Header, deadline: number): Promise<Signed | Denial> {
    const { keys } = this.#options;
    const tried = new Set<Key>();
    const attempt = async (candidates: readonly Key[]): Promise<Signed | undefined> => {
      for (const key of candidates) {
        if (tried.has(key) || tried.size >= MAXIMUM_TRIES) continue;
        tried.add(key);
        const payload = await payloadOf(token, key, alg);
        // A key may have been retired while it was at work.
        if (payload !== undefined && !key.retired) return { payload, key };
      }
      return undefined;
    };
    const signed = await attempt(keys.keysFor(alg, kid));
    if (signed !== undefined) return signed;
    for await (const candidates of keys.arrivals(alg, kid, deadline)) {
      const later = await attempt(candidates);
      if (later !== undefined) return later;
    }
    if (!keys.usable) {
      const retryAfterSeconds = Math.max(1, Math.ceil(keys.retryInMs() / 1000));
      return { reason: 'keys_unavailable', retryAfterSeconds, detail: 'no usable key set was ever loaded' };
    }
    return invalid(
      tried.size === 0 ? 'no key fits the kid and the algorithm of the token' : 'the signature of the token is wrong',
    );
  }
}

interface Header {
  readonly alg: Algorithm;
  readonly kid: string | undefined;
}

interface Signed {
  readonly payload: Uint8Array;
  readonly key: Key;
}

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Undefined: the key did not sign it. */
async function payloadOf(token: string, key: Key, alg: Algorithm): Promise<Uint8Array | undefined> {
  try {
    return (await compactVerify(token, key.for(alg), { algorithms: [alg] })).payload;
  } catch {
    return undefined;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function claimsFrom(payload: Uint8Array): Claims | undefined {
  try {
    const claims: unknown = JSON.parse(utf8.decode(payload));
    return isObject(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

/** An estimate: token and header, and claims of one and a half times the token, more where they are many small values. */
function bytesOf(token: string): number {
  return 512 + 5 * token.length;
}

function invalid(detail: string): Denial {
  return { reason: 'token_invalid', detail };
}
