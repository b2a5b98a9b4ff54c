import type { Clock } from '../clock.ts';
import type { StoreScript } from '../quota/counter-metrics.ts';
import type { Trouble } from './outage-teller.ts';
import { codeOf, scopeOf, wordsOf } from './server-error.ts';

// Whether a server that answers refuses all that is asked of it: read-only after a fail-over, out of memory, without a
// right. It is asked all the same, since it may still refuse what is spent. The heartbeat writes too, and comes every
// second: so what ends is known without a hit, and what comes before one.

export interface RefusalPorts {
  readonly clock: Clock;
  /** {@link Refusals.trouble} is another one. */
  readonly changed: () => void;
}

/** A Cluster's other nodes may answer meanwhile: it is over when none has refused for so long. */
const QUIET_MS = 1500;

export class Refusals {
  readonly #ports: RefusalPorts;
  #trouble: Trouble | undefined;
  #lastAt = -Infinity;
  #isCluster = false;

  constructor(ports: RefusalPorts) {
    this.#ports = ports;
  }

  /** Why the server refuses all; undefined where it does not. */
  get trouble(): Trouble | undefined {
    return this.#trouble;
  }

  answered(script: StoreScript): void {
    if (this.#trouble !== undefined) this.#mayBeOver(script);
  }

  failed(script: StoreScript, error: unknown, isCluster: boolean): void {
    const code = this.#codeOf(error, isCluster);
    const scope = scopeOf(code);
    const concernsAll = scope === 'server' || (scope === 'command' && script === 'take');
    if (!concernsAll) return this.answered(script);
    this.#isCluster = isCluster;
    this.#lastAt = this.#ports.clock.monotonic();
    if (this.#trouble?.code === code) return;
    this.#trouble = { code, detail: `Redis refuses every call: ${wordsOf(error)}` };
    this.#ports.changed();
  }

  /** The connection of one server is told of by its own events; of a Cluster's nodes only their calls tell. */
  #codeOf(error: unknown, isCluster: boolean): string {
    const code = codeOf(error);
    return isCluster && ['CLOSED', 'UNREACHABLE', 'SILENT'].includes(code) ? 'NODE_AWAY' : code;
  }

  #mayBeOver(script: StoreScript): void {
    const shows = scopeOf(this.#trouble?.code ?? '') === 'server' ? 'heartbeat' : 'take';
    if (script !== shows) return;
    if (this.#isCluster && this.#ports.clock.monotonic() - this.#lastAt < QUIET_MS) return;
    this.#trouble = undefined;
    this.#ports.changed();
  }
}
