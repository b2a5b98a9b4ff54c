/**
 * What is to be known of a process' accounts when it has ended: written down once a second, so that another process can go
 * on with them. Amounts are those of one span of decisions.
 */
export interface MarkedSpan {
  /** Milliseconds since the Unix epoch. */
  readonly startMs: number;
  /** The first sequence; those up to the next span's are its own. */
  readonly first: number;
  readonly decided: number;
  readonly reported: number;
  /** Unreported or unknown. */
  readonly missing: number;
  /** Of these three, in their order, how much slots had told: an element for each of {@link Mark.slots}. */
  readonly told: readonly (readonly number[])[];
}

export interface Mark {
  readonly epoch: number;
  /** In base64. */
  readonly key: string;
  /** Whose slots tell of these accounts: node and epoch of the process that keeps them. */
  readonly node: string;
  readonly teller: string;
  /** Numbers of slots, ascending: in the last of them was told what is marked as told. */
  readonly slots: readonly number[];
  /** When it was made: milliseconds since the Unix epoch. */
  readonly madeAtMs: number;
  /** How many sequences had been given. */
  readonly given: number;
  /** The process has ended as it should: nothing was decided after this mark. */
  readonly isLast: boolean;
  /** Ascending by `first`. */
  readonly spans: readonly MarkedSpan[];
}

/** A span as it is now. */
export interface SpanNow extends Omit<MarkedSpan, 'told'> {
  readonly told: readonly number[];
}

/** Slots are written soon after they are given: of older ones nobody will ask. */
const KEPT_TURNS = 4;
/** Of five minutes. */
const MOST_SPANS = 30;

interface Turn {
  readonly slots: number;
  readonly told: ReadonlyMap<number, readonly number[]>;
}

/** Makes marks of one process' accounts. */
export class Marker {
  #turns: Turn[] = [];

  /** @param slots how many slots have been given */
  mark(all: readonly SpanNow[], slots: number): Pick<Mark, 'slots' | 'spans'> {
    const now = all.slice(-MOST_SPANS);
    if (this.#turns.at(-1)?.slots === slots) this.#turns.pop();
    this.#turns.push({ slots, told: new Map(now.map(({ first, told }) => [first, told])) });
    if (this.#turns.length > KEPT_TURNS) this.#turns.shift();
    const spans = now.map(({ startMs, first, decided, reported, missing }) => {
      const told = this.#turns.map((turn) => turn.told.get(first) ?? [0, 0, 0]);
      return { startMs, first, decided, reported, missing, told };
    });
    return { slots: this.#turns.map((turn) => turn.slots), spans };
  }
}

/** @returns undefined where the text is no mark: whoever can write to where they are kept may write anything */
export function readMark(text: string): Mark | undefined {
  try {
    const mark = JSON.parse(text) as Mark;
    const { epoch, key, node, teller, slots, madeAtMs, given, isLast, spans } = mark;
    const isWhole = [epoch, madeAtMs, given, ...slots].every(isCount) && slots.length > 0;
    const isNamed = [key, node, teller].every((each) => typeof each === 'string') && typeof isLast === 'boolean';
    if (!isWhole || !isNamed || Buffer.from(key, 'base64').length !== 16) return undefined;
    const isSpan = ({ startMs, first, decided, reported, missing, told }: MarkedSpan): boolean =>
      [startMs, first, decided, reported, missing].every(isCount) &&
      told.length === slots.length &&
      told.every((each) => each.length === 3 && each.every(Number.isSafeInteger));
    return spans.every(isSpan) ? mark : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
