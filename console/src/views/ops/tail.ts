import type { ListSamplesRequestJson, SampleJson } from '../../../../gen/ostiary/v1/analytics_pb.js';

/** As many as can be looked at. */
export const MOST_SHOWN = 100;
const FIRST_S = 3600;
/** Entries of other sidecars come later than those that are here. */
const LATE_MS = 30_000;

/** What is asked for: refused requests since the newest that was seen, and a little before. */
export function tailRequest(query: URLSearchParams, newest: string | undefined, nowMs: number): ListSamplesRequestJson {
  const seenMs = newest === undefined ? Number.NaN : Date.parse(newest);
  const sinceMs = Number.isNaN(seenMs) ? nowMs - FIRST_S * 1000 : seenMs - LATE_MS;
  const given = (name: string): string => query.get(name)?.trim() ?? '';
  return {
    time: { since: new Date(sinceMs).toISOString() },
    api: given('api'),
    client: given('client'),
    reason: given('reason'),
    where: [{ dimension: 'outcome', values: ['blocked'] }],
    limit: MOST_SHOWN,
  };
}

/** What was there, with what has come: the latest first, each once. */
export function joined(before: readonly SampleJson[], found: readonly SampleJson[]): readonly SampleJson[] {
  const keyOf = ({ id, received }: SampleJson): string => `${id} ${received}`;
  const all = new Map([...before, ...found].map((sample) => [keyOf(sample), sample]));
  return [...all.values()]
    .toSorted((a, b) => Date.parse(b.received ?? '') - Date.parse(a.received ?? ''))
    .slice(0, MOST_SHOWN);
}
