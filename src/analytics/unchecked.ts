import { CounterFamily } from '../observe/counter-family.ts';
import type { Log } from '../observe/log.ts';
import { createRateBound } from '../observe/rate-bound.ts';
import type { Registry } from '../observe/prometheus.ts';
import { Span } from './entry.ts';
import type { Entry } from './entry.ts';

const MOST_SERIES = 100;
/** The same service is reported again after this time. */
const TOLD_EVERY_MS = 600_000;
const MOST_LINES_PER_SECOND = 1;
/** Callers choose the host. */
const LONGEST_HOST = 255;

export interface UncheckedPorts {
  readonly registry: Registry;
  readonly log: Pick<Log, 'warn'>;
  readonly monotonic: () => number;
}

/** Reports requests that went to an upstream without a decision. */
export class Unchecked {
  readonly #ports: UncheckedPorts;
  readonly #requests;
  readonly #lines = createRateBound(MOST_LINES_PER_SECOND);
  /** By destination and service: when it was reported, in monotonic milliseconds. */
  readonly #told = new Map<string, number>();

  constructor(ports: UncheckedPorts) {
    this.#ports = ports;
    this.#requests = new CounterFamily({
      registry: ports.registry,
      name: 'ostiary_unchecked_requests_total',
      help: "Requests that went to an upstream without a decision, by the Envoy that passed them and its name of the upstream's cluster.",
      labels: ['destination', 'service'],
      maxSeries: MOST_SERIES,
    });
  }

  /** @param node the id of the Envoy; empty: unknown */
  passed(entry: Entry, node: string): void {
    const destination = node === '' ? entry.localAddress : node;
    const { service } = entry;
    this.#requests.series(destination, service).value += 1;
    const key = `${destination} ${service}`;
    const now = this.#ports.monotonic();
    if (now - (this.#told.get(key) ?? Number.NEGATIVE_INFINITY) < TOLD_EVERY_MS || !this.#lines.admits(now)) return;
    if (this.#told.size >= MOST_SERIES) this.#told.clear();
    this.#told.set(key, now);
    this.#ports.log.warn('request passed without a decision', {
      node,
      address: entry.localAddress,
      host: entry.text(Span.authority).slice(0, LONGEST_HOST),
      detail: `it went to the cluster ${service || 'of an unknown name'} of Envoy: is ext_authz disabled for its route?`,
    });
  }
}
