import type { ConditionJson } from '../../../../gen/ostiary/v1/analytics_pb.js';

/** One filter, as the address and the command line have it: `api=shop/orders`, `status!=5xx`, `client=` (none). */
export interface Filter {
  readonly dimension: string;
  readonly value: string;
  readonly isExcluded: boolean;
}

/** What requests can be looked at by, in the order of questions about them. */
export const DIMENSIONS = [
  'api',
  'client',
  'route',
  'status',
  'reason',
  'outcome',
  'tier',
  'contract',
  'method',
  'policy',
  'service',
  'source',
] as const;
const KNOWN: ReadonlySet<string> = new Set(DIMENSIONS);
const MOST = 50;

export function filtersOf(address: URLSearchParams): readonly Filter[] {
  return address
    .getAll('where')
    .flatMap((text) => filterOf(text) ?? [])
    .slice(0, MOST);
}

/** @returns undefined: it is none */
export function filterOf(text: string): Filter | undefined {
  const [, dimension = '', operator, value = ''] = /^([^=!]*)(!?=)(.*)$/s.exec(text) ?? [];
  return KNOWN.has(dimension) ? { dimension, value, isExcluded: operator === '!=' } : undefined;
}

export function filterText({ dimension, value, isExcluded }: Filter): string {
  return `${dimension}${isExcluded ? '!=' : '='}${value}`;
}

/** Of several values of one dimension any may hold; of those that are excluded none may. */
export function conditionsOf(filters: readonly Filter[]): ConditionJson[] {
  const groups = Map.groupBy(filters, ({ dimension, isExcluded }) => `${dimension}${isExcluded}`);
  return [...groups.values()].map((group) => ({
    dimension: group[0]?.dimension ?? '',
    values: group.map(({ value }) => value),
    excluded: group[0]?.isExcluded === true,
  }));
}

/** The address with other filters, and other values of its query. */
export function addressWith(
  address: URL,
  filters: readonly Filter[],
  changes: Readonly<Record<string, string | undefined>> = {},
): string {
  const query = new URLSearchParams(address.search);
  query.delete('where');
  for (const text of new Set(filters.map(filterText))) query.append('where', text);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return `${address.pathname}${text === '' ? '' : `?${text}`}`;
}

/** With one value of a dimension in place of whatever it was narrowed to. */
export function narrowed(filters: readonly Filter[], dimension: string, value: string): readonly Filter[] {
  return [
    ...filters.filter((each) => each.dimension !== dimension || each.isExcluded),
    { dimension, value, isExcluded: false },
  ];
}
