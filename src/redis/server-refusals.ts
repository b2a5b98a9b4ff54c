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

/** A Cluster's other nodes, or calls for other keys, may be answered meanwhile: it is over when none is refused for so long. */
const QUIET_MS = 1500;
/** Nobody has asked for what was refused since: it may be allowed by now. */
const FORGOTTEN_MS = 30_000;

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
    const concernsAll = scopeOf(this.#trouble?.code ?? '') === 'server';
    const quietMs = this.#ports.clock.monotonic() - this.#lastAt;
    const shows = script === (concernsAll ? 'heartbeat' : 'take');
    if (!shows && (script !== 'heartbeat' || quietMs < FORGOTTEN_MS)) return;
    const othersMayAnswer = this.#isCluster || !concernsAll;
    if (othersMayAnswer && quietMs < QUIET_MS) return;
    this.#trouble = undefined;
    this.#ports.changed();
  }
}
