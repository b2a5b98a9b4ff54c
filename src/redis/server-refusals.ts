import type { Clock } from '../clock.ts';
import type { StoreScript } from '../quota/counter-metrics.ts';
import type { Trouble } from './outage-teller.ts';
import { codeOf, scopeOf, wordsOf } from './server-error.ts';

// Whether a server answers but refuses every call: read-only after a fail-over, out of memory, a missing right. It is
// still asked, since it can still refuse hits whose quota is spent. The heartbeat also writes, every second, so both
// the start and the end of such a trouble are noticed without a hit.

export interface RefusalPorts {
  readonly clock: Clock;
  /** {@link Refusals.trouble} is another one. */
  readonly changed: () => void;
}

/**
 * Other nodes of a Cluster, or calls for other keys, may succeed in the meantime: the trouble is over when no call was
 * refused for so long.
 */
const QUIET_MS = 1500;
/** Nothing was refused since, because nobody asked: it may be allowed by now. */
const FORGOTTEN_MS = 30_000;

export class Refusals {
  readonly #ports: RefusalPorts;
  #trouble: Trouble | undefined;
  #lastAt = -Infinity;
  #isCluster = false;

  constructor(ports: RefusalPorts) {
    this.#ports = ports;
  }

  /** Why the server refuses every call; undefined if it does not. */
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

  /** A single server's connection reports its own events; for the nodes of a Cluster, only their calls do. */
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
