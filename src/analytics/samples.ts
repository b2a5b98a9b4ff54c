import { outcomeOf } from '../decision/decision.ts';
import type { Decision, OutcomeKind, Step } from '../decision/decision.ts';
import { denialStatus } from '../decision/denial-status.ts';
import type { Check } from '../request/check.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RequestEvent } from './event.ts';
import { METHODS, methodNamed } from './method.ts';
import type { Outcome } from './outcome.ts';
import { routeOfPath } from './route.ts';
import type { RestoredSample } from './sample-disk.ts';
import { isAskedFor } from './sample-conditions.ts';
import { SamplePool } from './sample-pool.ts';
import type { KeptSample } from './sample-pool.ts';
import type { SampleArchive, SampledRequest, SampledStep, SampleQuestion } from './sampled-request.ts';

export interface SamplesPorts {
  /** The names in the documents in force. */
  readonly names: () => Pick<Snapshot, 'apiNamed' | 'reasons'>;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** From 0 to 1, such as `Math.random`. */
  readonly random: () => number;
  readonly maxBytes: number;
  /** Where samples are kept on disk: is to contain those that were added or completed. */
  readonly changed?: Set<KeptSample> | undefined;
}

/** The share of requests that are sampled, unless they are denied. */
const SHARE = 0.01;
/** The most samples of denials for each API, client and reason. */
const MOST_DENIALS = 20;
/** The most other samples for each API and client. */
const MOST_OTHERS = 100;
/** The share of the memory for denials, since most questions are about them. */
const DENIALS_BYTES = 0.75;

const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_DETAIL = 500;

const OUTCOMES: Readonly<Record<OutcomeKind, Outcome>> = { allow: 'processed', deny: 'blocked', answer: 'answered' };
const COMMON_METHODS: ReadonlySet<unknown> = new Set(METHODS);

/**
 * Samples some requests with what each policy did, and keeps them for a day: the latest denials of each API, client
 * and reason, and one in a hundred of the others. Samples contain no credential, no token, no header's value and no
 * path. A sample is taken when the request is decided, and completed when its entry in Envoy's log arrives.
 */
export class Samples implements SampleArchive {
  readonly #ports: SamplesPorts;
  readonly #denials: SamplePool;
  readonly #others: SamplePool;

  constructor(ports: SamplesPorts) {
    this.#ports = ports;
    this.#denials = new SamplePool(MOST_DENIALS, ports.maxBytes * DENIALS_BYTES, ports.changed);
    this.#others = new SamplePool(MOST_OTHERS, ports.maxBytes * (1 - DENIALS_BYTES), ports.changed);
  }

  /** An estimate. */
  get bytes(): number {
    return this.#denials.bytes + this.#others.bytes;
  }

  /** @param sequence the sequence of the decision, which its log entry repeats */
  decided(decision: Decision, check: Check, durationMs: number, sequence: number): void {
    const { api, denial, identity } = decision;
    if (denial === undefined && this.#ports.random() >= SHARE) return;
    const pool = denial === undefined ? this.#others : this.#denials;
    const now = this.#ports.now();
    pool.dropBefore(now - DAY_MS);
    const key = `${api}\n${identity.client?.clientId ?? ''}\n${denial?.reason ?? ''}`;
    const event = this.#eventOf(decision, check, now, durationMs, sequence);
    pool.add(key, sequence, now, { event, steps: decision.steps.map(toSampledStep) });
  }

  /** Whether the decision is a sample that waits for its event. */
  has(sequence: number): boolean {
    return this.#denials.has(sequence) || this.#others.has(sequence);
  }

  /** Completes the sample of a decision with the event from Envoy's log. */
  ended(sequence: number, event: RequestEvent): void {
    const withEvent = ({ steps }: SampledRequest): SampledRequest => ({ event, steps });
    this.#denials.replace(sequence, withEvent);
    this.#others.replace(sequence, withEvent);
  }

  /** Adds what an earlier process had, before any of this one. The oldest first. */
  restore(earlier: readonly RestoredSample[]): void {
    const oldest = this.#ports.now() - DAY_MS;
    for (const [at, { keptAt, event, steps }] of earlier.entries()) {
      if (keptAt < oldest) continue;
      const pool = event.outcome === 'blocked' ? this.#denials : this.#others;
      const key = `${event.api ?? ''}\n${event.clientId ?? ''}\n${event.reason ?? ''}`;
      // No decision of this process has such a sequence.
      pool.add(key, -1 - at, keptAt, { event, steps });
    }
  }

  *all(): Iterable<KeptSample> {
    yield* this.#denials.all();
    yield* this.#others.all();
  }

  find(question: SampleQuestion): readonly SampledRequest[] {
    const oldest = Math.max(question.sinceMs, this.#ports.now() - DAY_MS);
    const all = [...this.all()].map(({ sampled }) => sampled);
    const found = all.filter((sampled) => isAskedFor(sampled, { ...question, sinceMs: oldest }));
    return found.sort((a, b) => b.event.receivedAt - a.event.receivedAt).slice(0, question.most);
  }

  /** An event from the decision alone. How the request ends is unknown, so the status of an allow is 0. */
  #eventOf(decision: Decision, check: Check, now: number, durationMs: number, sequence: number): RequestEvent {
    const { api, denial, answer, policy, identity, steps } = decision;
    const { client, contract } = identity;
    const names = this.#ports.names();
    const document = api === '' ? undefined : names.apiNamed(api);
    const method = COMMON_METHODS.has(check.method) ? check.method : methodNamed(check.method);
    const version = document?.labels['version'];
    const shadow = steps.flatMap(({ mode, result, name, denial: would }) =>
      mode === 'shadow' && result === 'deny' && would !== undefined ? [`${name}:${would.reason}`] : [],
    );
    return {
      id: `unreported-${sequence}`,
      receivedAt: Math.floor(now - durationMs),
      endedAt: Math.floor(now),
      ...(api !== '' && { api }),
      ...(version !== undefined && { apiVersion: version }),
      ...(document !== undefined && { route: routeOfPath(method, check.path, document) }),
      ...(client !== undefined && { client: client.name, clientId: client.clientId }),
      ...(contract !== undefined && { contract: contract.name }),
      ...(contract?.tier !== undefined && { tier: contract.tier.name }),
      outcome: OUTCOMES[outcomeOf(decision)],
      ...(policy !== '' && { policy }),
      ...(denial !== undefined && { reason: denial.reason }),
      ...(shadow.length > 0 && { shadow }),
      method,
      status: answer?.httpStatus ?? (denial === undefined ? 0 : denialStatus(denial, names.reasons)),
      responseFlags: [],
      requestBytes: 0,
      responseBytes: 0,
      policyMs: durationMs,
    };
  }
}

function toSampledStep({ name, policy, mode, result, denial, durationMs }: Step): SampledStep {
  const refused = denial && { reason: denial.reason, detail: denial.detail.slice(0, MAX_DETAIL) };
  return { name, policy, mode, result, ...refused, durationMs };
}
