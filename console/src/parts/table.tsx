import type { ComponentChildren, JSX } from 'preact';
import { TEXTS } from '../texts.ts';

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
  /** Left out where the window is narrow. */
  readonly isMinor?: boolean;
}

export interface TableProps<Row> {
  /** What a screen reader calls it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Shown in place of a table without rows. */
  readonly empty: ComponentChildren;
  /** Asks for the next page; absent: there is none. */
  readonly more?: (() => void) | undefined;
  /** Such as "120 of 10,000". */
  readonly count?: string;
}

/** A table that never holds more rows than were asked for. */
export function Table<Row>(props: TableProps<Row>): JSX.Element {
  const { caption, columns, count, empty, keyOf, more, rows } = props;
  if (rows.length === 0) return <>{empty}</>;
  const classOf = ({ isMinor, isNumber }: Column<Row>): string =>
    [isNumber === true && 'number', isMinor === true && 'minor'].filter(Boolean).join(' ');
  return (
    <div class="table-box">
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.id} scope="col" class={classOf(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td key={column.id} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <footer class="table-foot">
        {count && <span>{count}</span>}
        {more && (
          <button type="button" onClick={more}>
            {TEXTS.more}
          </button>
        )}
      </footer>
    </div>
  );
}
