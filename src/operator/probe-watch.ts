/** A request of a probe that was decided. */
export interface Sighting {
  /** Milliseconds since the Unix epoch. */
  readonly decidedAt: number;
  readonly outcome: 'allow' | 'deny' | 'answer';
  /** Of a denial or an answer; 0 on an allow. */
  readonly httpStatus: number;
  /** Empty on an allow. */
  readonly reason: string;
  readonly api: string;
  readonly policy: string;
  /** Where Envoy received it, such as `10.1.2.4:8080`; empty if it did not tell. */
  readonly destination: string;
}

/** What the operator's API asks: of one process, or of all that decide. */
export interface ProbeDesk {
  /** Waits for requests with the nonce. @returns until when, in milliseconds since the Unix epoch; undefined: too many are waited for */
  expect(nonce: string): Promise<number | undefined>;
  /** The oldest first. @returns undefined: the nonce is not waited for in one of the processes, so nothing is known */
  tell(nonce: string): Promise<readonly Sighting[] | undefined>;
}

/** The request header that has the nonce. */
export const PROBE_HEADER = 'x-ostiary-probe';

/** What no one guesses, and a header can have as it is. */
export const NONCE = /^[\w-]{22,64}$/;

/** Longer than a request through several proxies takes. */
const EXPECTED_MS = 60_000;
/** The most nonces, and the most requests that are kept of each: callers may repeat what they see. */
const MOST_NONCES = 256;
const MOST_SIGHTINGS = 16;

interface Expected {
  readonly until: number;
  readonly sightings: Sighting[];
}

/**
 * Remembers how requests with an expected nonce were decided. Only an operator makes a nonce expected, so that callers
 * can fill no memory by headers that they make up; without one, a Check costs a comparison.
 */
export class ProbeWatch {
  readonly #expected = new Map<string, Expected>();
  readonly #now: () => number;

  /** @param now milliseconds since the Unix epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether a Check may be of interest. */
  get isWaiting(): boolean {
    return this.#expected.size > 0;
  }

  /** Again: for longer, and what was seen stays. */
  expect(nonce: string): number | undefined {
    this.#forget();
    const known = this.#expected.get(nonce);
    if (known === undefined && this.#expected.size >= MOST_NONCES) return undefined;
    const until = this.#now() + EXPECTED_MS;
    this.#expected.set(nonce, { until, sightings: known?.sightings ?? [] });
    return until;
  }

  /** @param nonce the value of the header, as a caller sent it */
  saw(nonce: string, sighting: () => Sighting): void {
    const expected = this.#expected.get(nonce);
    if (expected === undefined) return;
    if (expected.until <= this.#now()) this.#forget();
    else if (expected.sightings.length < MOST_SIGHTINGS) expected.sightings.push(sighting());
  }

  tell(nonce: string): readonly Sighting[] | undefined {
    this.#forget();
    return this.#expected.get(nonce)?.sightings;
  }

  #forget(): void {
    const now = this.#now();
    for (const [nonce, { until }] of this.#expected) if (until <= now) this.#expected.delete(nonce);
  }
}
