import { shown, widthOf } from './shown.ts';

export interface Column {
  readonly title: string;
  /** Numbers stand on the right. */
  readonly isNumber?: boolean;
}

/**
 * Aligned columns under their titles, with two spaces between them, and a last line under a rule.
 * @param rows a text for each column
 * @param last such as the totals; absent: there is none
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  last?: readonly string[],
): string {
  const cells = [columns.map(({ title }) => title), ...rows, ...(last === undefined ? [] : [last])].map((row) =>
    row.map(shown),
  );
  const widths = columns.map((_, at) => cells.reduce((widest, row) => Math.max(widest, widthOf(row[at] ?? '')), 0));
  const lines = cells.map((row) =>
    row
      .map((cell, at) => {
        const gap = ' '.repeat((widths[at] ?? 0) - widthOf(cell));
        return columns[at]?.isNumber === true ? gap + cell : cell + gap;
      })
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  lines.splice(1, 0, rule);
  if (last !== undefined && rows.length > 0) lines.splice(-1, 0, rule);
  return `${lines.join('\n')}\n`;
}
