import { shortened, shown, widthOf } from './shown.ts';

export interface Column {
  readonly title: string;
  /** Numbers stand on the right. */
  readonly isNumber?: boolean;
  /**
   * If there is not room for all columns, those with the highest number are left out first. Absent: it always stays.
   */
  readonly spare?: number;
}

export interface TableOptions {
  /** A line under a rule, such as the totals. */
  readonly last?: readonly string[];
  /** How many columns of characters there are. */
  readonly width?: number;
}

/** Names are not made shorter than this. */
const SHORTEST_NAME = 12;
const GAP = '  ';

/**
 * Aligned columns under their titles, with two spaces between them. What is wider than there is room for loses columns
 * first, and a line says which; then names lose their middle.
 * @param rows a text for each column
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { last, width = Infinity }: TableOptions = {},
): string {
  const titles = columns.map(({ title }) => title);
  const cells = [titles, ...rows, ...(last === undefined ? [] : [last])].map((row) => row.map(shown));
  const widths = columns.map((_, at) => cells.reduce((widest, row) => Math.max(widest, widthOf(row[at] ?? '')), 0));
  const kept = fitting(columns, widths, width);
  shorten(columns, widths, kept, width);
  const lines = cells.map((row) =>
    kept
      .map((at) => {
        const cell = shortened(row[at] ?? '', widths[at] ?? 0);
        const gap = ' '.repeat((widths[at] ?? 0) - widthOf(cell));
        return columns[at]?.isNumber === true ? gap + cell : cell + gap;
      })
      .join(GAP)
      .trimEnd(),
  );
  const rule = kept.map((at) => '─'.repeat(widths[at] ?? 0)).join(GAP);
  lines.splice(1, 0, rule);
  if (last !== undefined && rows.length > 0) lines.splice(-1, 0, rule);
  const left = titles.filter((_, at) => !kept.includes(at));
  if (left.length > 0) lines.push(`no room for ${left.join(', ')}`);
  return `${lines.join('\n')}\n`;
}

/** The columns that stay. */
function fitting(columns: readonly Column[], widths: readonly number[], width: number): readonly number[] {
  let kept = columns.map((_, at) => at);
  const spare = kept.filter((at) => columns[at]?.spare !== undefined);
  spare.sort((a, b) => (columns[b]?.spare ?? 0) - (columns[a]?.spare ?? 0));
  for (const each of spare) {
    if (totalOf(kept, widths) <= width) break;
    kept = kept.filter((at) => at !== each);
  }
  return kept;
}

/** Takes from the widest name, one by one. */
function shorten(columns: readonly Column[], widths: number[], kept: readonly number[], width: number): void {
  const names = kept.filter((at) => columns[at]?.isNumber !== true);
  while (totalOf(kept, widths) > width) {
    const [widest] = names.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
    if (widest === undefined || (widths[widest] ?? 0) <= SHORTEST_NAME) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function totalOf(kept: readonly number[], widths: readonly number[]): number {
  return kept.reduce((sum, at) => sum + (widths[at] ?? 0), GAP.length * (kept.length - 1));
}
