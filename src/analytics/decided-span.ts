import type { Decision, OutcomeKind } from '../decision/decision.ts';
import { FOLDED } from '../rollup/slot.ts';
import type { CompletenessPart, Unreported } from './completeness-part.ts';
import type { Destination } from './destinations.ts';
import type { SpanNow } from './mark.ts';

/** A number of equal decisions of one span of time, all for the same Envoy. */
export interface Cell extends Omit<Unreported, 'count'> {
  readonly clientId: string;
  readonly outcome: OutcomeKind;
  readonly destination: Destination;
  decided: number;
  /** The number of those that were reported. */
  reported: number;
}

/** What a decision without an entry counts as. `unknown`: the entry may have gone to a process that can't tell us. */
export type Missing = 'unreported' | 'unknown';

/** With more cells than this in one span, decisions share one cell: the number of a cell takes 16 bits. */
const MOST_CELLS = 60_000;

/** The decisions of one span of time. */
export class DecidedSpan {
  /** Milliseconds since the Unix epoch. */
  readonly startMs: number;
  /** The sequence of its first decision. The span ends before the first sequence of the next one. */
  readonly first: number;
  /** The index of a cell is its number. */
  readonly cells: (Cell | undefined)[] = [];
  /** Monotonic milliseconds; Infinity: the span has not ended. */
  endedAt = Number.POSITIVE_INFINITY;
  /** Its missing entries have been reported. */
  isSettled = false;
  /** The number of cells that are kept for late entries. */
  lateCells = 0;
  decided = 0;
  reported = 0;
  #unreported = 0;
  #unknown = 0;
  #told = { decided: 0, reported: 0, unreported: 0, unknown: 0 };
  #rows: Unreported[] = [];
  /** How many decisions of a cell were reported late, as a negative number. */
  readonly #corrected = new Map<Cell, number>();
  /** The numbers of cells by destination and then by caller, until the span ends. */
  #numbers = new Map<Destination, Map<unknown, number[]>>();
  #lastDestination: Destination | undefined;
  #lastByCaller = new Map<unknown, number[]>();

  constructor(startMs: number, first: number) {
    this.startMs = startMs;
    this.first = first;
  }

  /** @returns the number of the cell in which it is counted */
  count(decision: Decision, outcome: OutcomeKind, destination: Destination): number {
    const { api, policy, identity, denial } = decision;
    const reason = denial === undefined ? '' : denial.reason;
    this.decided += 1;
    let byCaller = this.#lastByCaller;
    if (destination !== this.#lastDestination) {
      byCaller = this.#numbers.get(destination) ?? new Map<unknown, number[]>();
      this.#numbers.set(destination, byCaller);
      this.#lastDestination = destination;
      this.#lastByCaller = byCaller;
    }
    const caller = identity.contract ?? identity.client ?? api;
    let numbers = byCaller.get(caller);
    if (numbers === undefined) byCaller.set(caller, (numbers = []));
    for (const number of numbers) {
      const cell = this.cells[number] as Cell;
      if (cell.outcome !== outcome || cell.policy !== policy || cell.reason !== reason || cell.api !== api) continue;
      cell.decided += 1;
      return number;
    }
    if (this.cells.length > MOST_CELLS) {
      (this.cells[MOST_CELLS] as Cell).decided += 1;
      return MOST_CELLS;
    }
    const isLast = this.cells.length === MOST_CELLS;
    const cell = isLast ? foldedCell(outcome, destination) : cellOf(decision, outcome, reason, destination);
    if (!isLast) numbers.push(this.cells.length);
    return this.cells.push(cell) - 1;
  }

  /** Ends the span: it counts no more decisions. */
  end(now: number): void {
    this.endedAt = now;
    this.#numbers = new Map();
    this.#lastByCaller = new Map();
    this.#lastDestination = undefined;
  }

  /**
   * Closes the wait for entries that are still missing.
   * @param judge says for each cell what they count as
   */
  settle(judge: (cell: Cell) => Missing): void {
    this.isSettled = true;
    for (const [number, cell] of this.cells.entries()) {
      if (cell === undefined) continue;
      const missing = cell.decided - cell.reported;
      const isWaitedFor = judge(cell) === 'unreported' && missing > 0;
      if (isWaitedFor) {
        this.#unreported += missing;
        this.#rows.push(rowOf(cell, missing));
        this.lateCells += 1;
      } else {
        this.#unknown += missing;
        this.cells[number] = undefined;
      }
    }
  }

  /** To be called for an entry that arrives after its decision was counted as unreported. */
  correct(cell: Cell): void {
    this.#unreported -= 1;
    this.#corrected.set(cell, (this.#corrected.get(cell) ?? 0) - 1);
  }

  /** As it is now, and how much of it was told. */
  now(): SpanNow {
    const { startMs, first, decided, reported } = this;
    const { decided: decidedTold, reported: reportedTold, unreported, unknown } = this.#told;
    const told = [decidedTold, reportedTold, unreported + unknown];
    return { startMs, first, decided, reported, missing: this.#unreported + this.#unknown, told };
  }

  /** Returns what has changed since the last call. */
  tell(): CompletenessPart {
    const now = {
      decided: this.decided,
      reported: this.reported,
      unreported: this.#unreported,
      unknown: this.#unknown,
    };
    const before = this.#told;
    const rows = this.#rows;
    for (const [cell, count] of this.#corrected) rows.push(rowOf(cell, count));
    this.#told = now;
    this.#rows = [];
    this.#corrected.clear();
    return {
      startMs: this.startMs,
      decided: now.decided - before.decided,
      reported: now.reported - before.reported,
      unreported: now.unreported - before.unreported,
      unknown: now.unknown - before.unknown,
      rows,
    };
  }
}

function cellOf(decision: Decision, outcome: OutcomeKind, reason: string, destination: Destination): Cell {
  const { api, policy, identity } = decision;
  const { client, contract } = identity;
  return {
    api,
    client: client?.name ?? '',
    clientId: client?.clientId ?? '',
    contract: contract?.name ?? '',
    tier: contract?.tier?.name ?? '',
    policy,
    outcome,
    reason,
    destination,
    decided: 1,
    reported: 0,
  };
}

function foldedCell(outcome: OutcomeKind, destination: Destination): Cell {
  const names = { api: FOLDED, client: FOLDED, clientId: FOLDED, contract: FOLDED, tier: FOLDED };
  return { ...names, policy: FOLDED, reason: FOLDED, outcome, destination, decided: 1, reported: 0 };
}

function rowOf({ api, client, contract, tier, policy, reason }: Cell, count: number): Unreported {
  return { api, client, contract, tier, policy, reason, count };
}
