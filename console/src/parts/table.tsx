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
  /** Where a row leads: its first cell becomes a link, and the whole row leads there too. */
  readonly hrefOf?: (row: Row) => string | undefined;
  /** Where the window is narrow it is scrolled sideways; by default its rows become short lists there. */
  readonly isWide?: boolean;
}

/** A table that never holds more rows than were asked for. Between rows that lead somewhere the arrow keys go up and down. */
export function Table<Row>(props: TableProps<Row>): JSX.Element {
  const { caption, columns, count, empty, hrefOf, isWide = false, keyOf, more, rows } = props;
  if (rows.length === 0) return <>{empty}</>;
  const classOf = ({ isMinor, isNumber }: Column<Row>): string | undefined =>
    [isNumber === true && 'number', isMinor === true && 'minor'].filter(Boolean).join(' ') || undefined;
  return (
    <div class={isWide ? 'table-box scrolls' : 'table-box'}>
      <table onKeyDown={hrefOf && goBetweenRows}>
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
          {rows.map((row) => {
            const href = hrefOf?.(row);
            return (
              <tr key={keyOf(row)} class={href === undefined ? undefined : 'linked'}>
                {columns.map((column, at) => (
                  <td key={column.id} class={classOf(column)} data-title={column.title}>
                    {at === 0 && href !== undefined ? (
                      <a class="row-link" href={href}>
                        {column.cell(row)}
                      </a>
                    ) : (
                      column.cell(row)
                    )}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {((count ?? '') !== '' || more !== undefined) && (
        <footer class="table-foot">
          {(count ?? '') !== '' && <span>{count}</span>}
          {more && (
            <button type="button" onClick={more}>
              {TEXTS.more}
            </button>
          )}
        </footer>
      )}
    </div>
  );
}

function goBetweenRows(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('.row-link')];
  const at = links.indexOf(event.target as HTMLElement);
  const next = links[at + step];
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  next.focus();
}
