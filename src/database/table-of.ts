import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Database } from './database.ts';

/** Values of `bytes` are given as hexadecimal digits. */
export type ColumnKind = 'integer' | 'text' | 'bytes';

const POSTGRES_TYPES: Readonly<Record<ColumnKind, string>> = { integer: 'bigint', text: 'text', bytes: 'bytea' };

/**
 * Makes a table out of rows, which a statement can read from one parameter. For SQLite, thousands of rows are one
 * text, and the statement is the same for any number.
 * @param columns name and kind of each column, in the order of the values
 */
export function tableOf(
  engine: Database<unknown>['engine'],
  columns: Readonly<Record<string, ColumnKind>>,
  rows: readonly (readonly (string | number | null)[])[],
): RawBuilder<unknown> {
  const json = JSON.stringify(rows);
  const selected = Object.entries(columns).map(([name, kind], at) => {
    return sql`${sql.raw(valueOf(engine, kind, `value ->> ${at}`))} AS ${sql.ref(name)}`;
  });
  const source = engine === 'sqlite' ? sql`json_each(${json})` : sql`jsonb_array_elements(${json}::jsonb) AS t (value)`;
  return sql`(SELECT ${sql.join(selected)} FROM ${source})`;
}

function valueOf(engine: Database<unknown>['engine'], kind: ColumnKind, value: string): string {
  if (engine === 'sqlite') return kind === 'bytes' ? `unhex(${value})` : value;
  if (kind === 'bytes') return `decode(${value}, 'hex')`;
  return kind === 'text' ? value : `(${value})::${POSTGRES_TYPES[kind]}`;
}
