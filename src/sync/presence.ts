import { backoffMs } from '../backoff.ts';
import type { Timers } from '../clock.ts';
import type { SidecarReport, SidecarStore } from './sidecar-store.ts';

export interface PresencePorts {
  readonly store: Pick<SidecarStore, 'report'>;
  /** This control plane's, drawn at its start. */
  readonly instance: string;
  readonly timers: Timers;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Nobody has joined by this name, or it was forgotten: its stream is to end. */
  readonly onUnknown: (node: string) => void;
  readonly onFault: (detail: string) => void;
}

/** Acknowledgements of a change come within moments of each other, and are stored together. */
const GATHER_MS = 10;
const BACKOFF = { firstMs: 200, longestMs: 5000 };

/** Stores what sidecars have told, the latest of each. */
export class Presence {
  readonly #ports: PresencePorts;
  readonly #waiting = new Map<string, SidecarReport>();
  #storing: Promise<void> | undefined;
  #isDue = false;
  #failures = 0;
  readonly #stored = new Set<() => void>();

  constructor(ports: PresencePorts) {
    this.#ports = ports;
  }

  tell(report: SidecarReport): void {
    this.#waiting.set(report.node, report);
    this.#schedule(GATHER_MS);
  }

  /** Called when something was stored. @returns what ends it */
  onStored(listener: () => void): () => void {
    this.#stored.add(listener);
    return () => void this.#stored.delete(listener);
  }

  /** Stores what waits now, if the database answers. Never rejects. */
  async flush(): Promise<void> {
    await this.#storing;
    await this.#store();
  }

  #schedule(delayMs: number): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#ports.timers.after(delayMs, () => {
      this.#isDue = false;
      this.#storing ??= this.#store().finally(() => {
        this.#storing = undefined;
        if (this.#waiting.size > 0 && this.#failures === 0) this.#schedule(0);
      });
    });
  }

  async #store(): Promise<void> {
    const { store, instance, random, onUnknown, onFault } = this.#ports;
    const reports = [...this.#waiting.values()];
    if (reports.length === 0) return;
    this.#waiting.clear();
    try {
      const unknown = await store.report(instance, reports);
      this.#failures = 0;
      for (const node of unknown) onUnknown(node);
      for (const listener of this.#stored) listener();
    } catch (error) {
      for (const report of reports) if (!this.#waiting.has(report.node)) this.#waiting.set(report.node, report);
      this.#failures++;
      if (this.#failures === 1) onFault(String(error));
      this.#schedule(backoffMs(this.#failures, BACKOFF, random()));
    }
  }
}
