import { groupRows, mergeMeasures } from '../../src/rollup/merge.ts';
import type { Answer, AnswerRow, Condition, Counted, Order, Question, SlotArchive } from '../../src/rollup/question.ts';
import { DIMENSIONS } from '../../src/rollup/slot.ts';
import type { Slot, SlotCompleteness, SlotRow, SlotTaker } from '../../src/rollup/slot.ts';

/** Keeps slots as they are, and answers by looking at every row: what a real archive is held against. */
export class KeptSlots implements SlotArchive, SlotTaker {
  readonly #slots: Slot[] = [];
  readonly questions: Question[] = [];

  take(slot: Slot): void {
    this.#slots.push(slot);
  }

  ask(question: Question): Promise<Answer> {
    this.questions.push(question);
    return Promise.resolve(this.#answer(question));
  }

  #answer(question: Question): Answer {
    const slots = this.#slots.filter(({ startMs }) => startMs >= question.sinceMs && startMs < question.untilMs);
    const holds = ({ key }: SlotRow, { dimension, values, isExcluded, or }: Condition): boolean =>
      values.includes(key[DIMENSIONS.indexOf(dimension)] ?? '') !== isExcluded ||
      (or !== undefined && holds({ key } as SlotRow, or));
    const meets = (row: SlotRow): boolean => question.where.every((condition) => holds(row, condition));
    const rows = slots.flatMap(({ rows: all, startMs }) => all.filter(meets).map((row) => ({ row, startMs })));
    const ranked = countedBy(
      rows.map(({ row }) => row),
      question,
    ).toSorted((a, b) => rankOf(b, question.order) - rankOf(a, question.order) || compareTexts(a.values, b.values));
    const listed = ranked.slice(0, question.most);
    const { stepMs } = question;
    const [first] = this.#slots;
    return {
      sinceMs: question.sinceMs,
      untilMs: question.untilMs,
      periodMs: first?.periodMs ?? 10_000,
      rows: stepMs === undefined ? listed : listed.flatMap(({ values }) => spansOf(rows, values, question, stepMs)),
      total: countedOf(rows.map(({ row }) => row)),
      combinations: ranked.length,
      completeness: completenessOf(slots),
      folded: slots.reduce((sum, { folded }) => sum + folded, 0),
      ...(stepMs !== undefined && {
        spans: [...Map.groupBy(slots, ({ startMs }) => Math.floor(startMs / stepMs) * stepMs)]
          .toSorted(([a], [b]) => a - b)
          .map(([startMs, own]) => Object.assign(completenessOf(own), { startMs })),
      }),
    };
  }
}

function spansOf(
  rows: readonly { readonly row: SlotRow; readonly startMs: number }[],
  values: readonly string[],
  question: Question,
  stepMs: number,
): AnswerRow[] {
  const spans = Map.groupBy(rows, ({ startMs }) => Math.floor(startMs / stepMs) * stepMs);
  return [...spans]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([startMs, own]) =>
      countedBy(
        own.map(({ row }) => row),
        question,
      )
        .filter((each) => compareTexts(each.values, values) === 0)
        .map((each) => Object.assign(each, { startMs })),
    );
}

function countedBy(rows: readonly SlotRow[], { by }: Question): AnswerRow[] {
  return groupRows(rows, by).map(({ key }) => {
    const own = rows.filter((row) => by.every((name, at) => row.key[DIMENSIONS.indexOf(name)] === key[at]));
    return Object.assign(countedOf(own), { values: key });
  });
}

function countedOf(rows: readonly SlotRow[]): Counted {
  const sumOf = (some: readonly SlotRow[]): number => some.reduce((sum, { count }) => sum + count, 0);
  const [status, outcome] = [DIMENSIONS.indexOf('status'), DIMENSIONS.indexOf('outcome')];
  const nothing = { count: 0, requestBytes: 0, responseBytes: 0, durationCount: 0, durationMs: 0, policyMs: 0 };
  return {
    ...rows.reduce(mergeMeasures, { ...nothing, durations: [] }),
    errors: sumOf(rows.filter(({ key }) => Number(key[status]) >= 500)),
    denials: sumOf(rows.filter(({ key }) => key[outcome] === 'blocked')),
  };
}

function rankOf(counted: Counted, order: Order): number {
  if (order === 'bytes') return counted.requestBytes + counted.responseBytes;
  if (order === 'duration') return counted.durationCount > 0 ? counted.durationMs / counted.durationCount : 0;
  return counted[order];
}

function compareTexts(one: readonly string[], other: readonly string[]): number {
  for (const [at, text] of one.entries()) {
    if (text !== other[at]) return text < (other[at] ?? '') ? -1 : 1;
  }
  return 0;
}

function completenessOf(slots: readonly Slot[]): SlotCompleteness {
  const sum = (name: keyof SlotCompleteness): number =>
    slots.reduce((all, { completeness }) => all + completeness[name], 0);
  return { decided: sum('decided'), reported: sum('reported'), unreported: sum('unreported'), unknown: sum('unknown') };
}

/** A row with the given values; each of its requests took the given time. */
export function rowOf(
  values: Partial<Record<(typeof DIMENSIONS)[number], string>>,
  count: number,
  bucket = 40,
  bytes = 100,
): SlotRow {
  return {
    key: DIMENSIONS.map((name) => values[name] ?? ''),
    count,
    requestBytes: bytes * count,
    responseBytes: 2 * bytes * count,
    durationCount: count,
    durationMs: 2 ** ((bucket + 1) / 8) * count,
    policyMs: count,
    durations: [bucket, count],
  };
}

export function slotOf(startMs: number, rows: readonly SlotRow[], parts: Partial<Slot> = {}): Slot {
  const decided = rows.reduce((sum, { count }) => sum + count, 0);
  return {
    node: 'node-1',
    epoch: '0a0b0c0d',
    sequence: 1 + startMs / 10_000,
    startMs,
    periodMs: 10_000,
    rows,
    completeness: { decided, reported: decided, unreported: 0, unknown: 0 },
    folded: 0,
    ...parts,
  };
}
