import type { Clock } from '../clock.ts';
import type { Denial } from '../denial/denial.ts';
import type { Algorithm } from './algorithms.ts';
import type { TokenHeader } from './compact-token.ts';
import type { KeySource } from './key-source.ts';
import type { Caller } from './wait-limit.ts';
import type { Key } from './key.ts';
import type { VerificationLane, Waiting } from './verification-gate.ts';

/**
 * The most keys that are tried for one token, and again after the keys have changed. Each try costs a signature
 * check.
 */
const MAXIMUM_TRIES = 8;

/** A token that one of the keys has signed. */
export interface Signed {
  readonly reason?: undefined;
  readonly payload: Uint8Array;
  readonly key: Key;
}

/** No known key has signed the token. */
export type Unsigned = { readonly reason: 'unsigned'; readonly detail: string; readonly keysVersion: number };

export interface SignatureCheckOptions {
  readonly keys: KeySource;
  readonly lane: VerificationLane;
  readonly clock: Clock;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly caller: Caller | undefined;
  /** Whether a key may sign for the issuer that the token names. */
  readonly admits: (key: Key) => boolean;
}

const BUSY = 'too many tokens wait for their signature to be checked';
const GONE = 'the caller left, or its time was over, before the signature of the token was checked';

/** Finds the key that has signed the token. If no known key has, asks the issuers for new keys. */
export async function checkSignature(
  token: string,
  { alg, kid }: TokenHeader,
  { keys, lane, clock, deadline, caller, admits }: SignatureCheckOptions,
): Promise<Signed | Unsigned | Denial> {
  const who: Waiting = {
    isGone: () => clock.monotonic() >= deadline || caller?.signal.aborted === true,
    get signal() {
      return caller?.signal;
    },
  };
  const tried = new Set<Key>();
  const attempt = async (candidates: readonly Key[]): Promise<Signed | Denial | undefined> => {
    let left = MAXIMUM_TRIES;
    for (const key of candidates) {
      if (tried.has(key) || !admits(key) || left-- <= 0) continue;
      tried.add(key);
      const entry = lane.enter(who);
      const entered = entry instanceof Promise ? await entry : entry;
      if (entered !== 'entered') return unverified(entered === 'busy' ? BUSY : GONE);
      try {
        const payload = await payloadOf(token, key, alg);
        // A key may have been retired during the check.
        if (payload !== undefined && !key.retired) return { payload, key };
      } finally {
        lane.leave();
      }
    }
    return undefined;
  };
  let keysVersion = keys.version;
  const found = await attempt(keys.keysFor(alg, kid));
  if (found !== undefined) return found;
  for await (const candidates of keys.arrivals(alg, kid, { deadline, caller })) {
    keysVersion = keys.version;
    const later = await attempt(candidates);
    if (later !== undefined) return later;
  }
  if (!keys.usable) {
    const retryAfterSeconds = Math.max(1, Math.ceil(keys.retryInMs() / 1000));
    return { reason: 'keys_unavailable', retryAfterSeconds, detail: 'no usable key set was ever loaded' };
  }
  const detail =
    tried.size === 0 ? 'no key fits the kid and the algorithm of the token' : 'the signature of the token is wrong';
  return { reason: 'unsigned', detail, keysVersion };
}

function unverified(detail: string): Denial {
  return { reason: 'token_unverified', detail };
}

/** Returns the payload; undefined if the key did not sign the token. */
async function payloadOf(token: string, key: Key, alg: Algorithm): Promise<Uint8Array | undefined> {
  try {
    // Loaded with the first token.
    const { compactVerify } = await import('jose');
    return (await compactVerify(token, key.for(alg), { algorithms: [alg] })).payload;
  } catch {
    return undefined;
  }
}
