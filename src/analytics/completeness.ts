import type { Clock, Timers } from '../clock.ts';
import type { Log } from '../observe/log.ts';
import type { Registry } from '../observe/prometheus.ts';
import { Accounts } from './accounts.ts';
import { createCompletenessMetrics } from './completeness-metrics.ts';
import type { CompletenessPart } from './completeness-part.ts';
import type { EnvoyLossIn } from './envoy-losses.ts';
import { Losses } from './losses.ts';
import type { Sharing } from './sharing.ts';
import type { Epoch } from './tags.ts';

/** The length of a span, by the wall clock. */
export const SPAN_MS = 10_000;

export interface CompletenessPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly registry: Registry;
  readonly log: Pick<Log, 'warn'>;
  readonly epoch: Epoch;
  readonly sharing: Pick<Sharing, 'isBroken'>;
}

/** Finds out for which decisions Envoy's log had an entry, and which entries are lost. */
export class Completeness {
  readonly accounts: Accounts;
  readonly #ports: CompletenessPorts;
  readonly #metrics;
  readonly #losses: Losses;
  #take: ((parts: readonly CompletenessPart[]) => void) | undefined;
  #inherited: () => readonly CompletenessPart[] = () => [];
  #cancel: () => void;

  constructor(ports: CompletenessPorts) {
    this.#ports = ports;
    const { clock, epoch, sharing, registry, log } = ports;
    this.#losses = new Losses({ log, monotonic: () => clock.monotonic() });
    this.accounts = new Accounts({
      clock,
      epoch,
      spanMs: SPAN_MS,
      isBroken: (since) => sharing.isBroken(since),
      settled: (cell, missing, startMs) => this.#losses.settled(cell, missing, startMs),
    });
    this.#metrics = createCompletenessMetrics(registry, {
      open: () => this.accounts.ledger.open,
      ratio: () => this.#losses.ratio(),
    });
    this.#cancel = this.#await();
  }

  /** From now on what has become known of decisions of processes that have ended is told too. */
  inherit(turn: () => readonly CompletenessPart[]): void {
    this.#inherited = turn;
  }

  /** From now on `take` gets the news, at each {@link turn}. The caller of this method must call it. */
  follow(take: (parts: readonly CompletenessPart[]) => void): void {
    this.#cancel();
    this.#take = take;
  }

  /** From now on `take` gets, at each turn, whose entries have come and whose have not. */
  followLosses(take: (losses: readonly EnvoyLossIn[]) => void): void {
    this.#losses.follow(take);
  }

  /** To be called when the current span is over. */
  turn(): void {
    const parts = [...this.accounts.ledger.turn(), ...this.#inherited()];
    for (const part of parts) this.#metrics.told(part);
    this.#take?.(parts);
    this.#losses.turn();
  }

  close(): void {
    this.#cancel();
  }

  #await(): () => void {
    const { clock, timers } = this.#ports;
    return timers.after(SPAN_MS - (clock.now() % SPAN_MS), () => {
      this.turn();
      this.#cancel = this.#await();
    });
  }
}
