import type { Clock } from '../clock.ts';
import type { Code } from '../grpc/rpc.ts';
import type { Position } from './position.ts';
import type { SidecarReport } from './sidecar-store.ts';

/** What one control plane sees of the sidecars that follow it. None of these may throw. */
export interface SyncObserver {
  /** A sidecar is here, has acknowledged, has faults, or is gone. */
  told(report: SidecarReport): void;
  /** One message of a stream. */
  sent(bytes: number): void;
  /** Somebody may not join, or may not follow. */
  refused(code: Code): void;
  /** The log has come so far. */
  advanced(position: Position): void;
}

export type FollowerState = 'in_sync' | 'pending' | 'faulty' | 'unknown_history';

/** Positions that are remembered: of one that lags more, the lag is at least that of the oldest. */
const MOST_POSITIONS = 1000;

/** How far the sidecars are that follow this control plane now. */
export class SyncCounts {
  readonly #clock: Clock;
  readonly #reports = new Map<string, SidecarReport>();
  #positions: Position[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  told(report: SidecarReport): void {
    if (report.isConnected) this.#reports.set(report.node, report);
    else this.#reports.delete(report.node);
  }

  advanced(position: Position): void {
    const last = this.#positions.at(-1);
    // Another log has taken its place.
    if (last !== undefined && (last.history !== position.history || last.revision > position.revision))
      this.#positions = [];
    this.#positions.push(position);
    if (this.#positions.length > 2 * MOST_POSITIONS) this.#positions = this.#positions.slice(-MOST_POSITIONS);
  }

  get revision(): number {
    return this.#positions.at(-1)?.revision ?? 0;
  }

  states(): Readonly<Record<FollowerState, number>> {
    const counts = { in_sync: 0, pending: 0, faulty: 0, unknown_history: 0 };
    for (const report of this.#reports.values()) counts[this.#stateOf(report)]++;
    return counts;
  }

  #stateOf({ enforcedRevision, faults, otherHistory }: SidecarReport): FollowerState {
    if (otherHistory !== '') return 'unknown_history';
    if (enforcedRevision >= this.revision) return 'in_sync';
    return faults.length > 0 ? 'faulty' : 'pending';
  }

  /** How long ago the oldest change was written that a sidecar of this log lacks; 0: none lacks any. */
  greatestLagMs(): number {
    let least = Infinity;
    for (const { enforcedRevision, otherHistory } of this.#reports.values())
      if (otherHistory === '') least = Math.min(least, enforcedRevision);
    const lacked = this.#positions.find(({ revision }) => revision > least);
    return lacked === undefined ? 0 : Math.max(0, this.#clock.now() - lacked.committedAt);
  }
}
