import type { AuditEntryJson, ListEntriesRequestJson } from '../../../../gen/ostiary/v1/audit_pb.js';

/** What the trail can be asked for, in the order of the form. */
export const FILTERS = ['actor', 'action', 'kind', 'namespace', 'name', 'outcome', 'address', 'credential'] as const;
export type Filter = (typeof FILTERS)[number];

/** How far back it goes, by the word that the address has. */
export const SINCE: Readonly<Record<string, readonly [text: string, seconds: number]>> = {
  hour: ['the last hour', 3600],
  day: ['the last day', 86_400],
  week: ['the last 7 days', 7 * 86_400],
  month: ['the last 30 days', 30 * 86_400],
};

/** @param startMs the start of a minute, so that the same question is asked once @param size of the page */
export function auditRequest(query: URLSearchParams, startMs: number, size: number): ListEntriesRequestJson {
  const request: Record<string, unknown> = { pageSize: size };
  for (const filter of FILTERS) {
    const value = query.get(filter)?.trim() ?? '';
    if (value !== '') request[filter] = value;
  }
  const since = SINCE[query.get('since') ?? ''];
  if (since !== undefined) request['since'] = new Date(startMs - since[1] * 1000).toISOString();
  return request;
}

/** An entry in the words of the list, whether something was changed or not. */
export interface AuditLine {
  readonly key: string;
  readonly at: string | undefined;
  readonly actor: string;
  readonly action: string;
  /** `done`, `denied` or `failed`. */
  readonly outcome: string;
  /** Such as `Api shop/orders`. */
  readonly about: string;
  readonly reason: string;
  readonly address: string;
  readonly credential: string;
  /** How often. */
  readonly count: number;
}

const EFFECTS: Readonly<Record<string, string>> = {
  EFFECT_CREATED: 'created',
  EFFECT_CHANGED: 'changed',
  EFFECT_DELETED: 'deleted',
};

export function auditLine({ change, event }: AuditEntryJson): AuditLine {
  const { actor = '', address = '', at, credential = '', resource } = change ?? event ?? {};
  const { kind = '', name = '', namespace = '' } = resource ?? {};
  const place = namespace === '' || namespace === 'default' ? name : `${namespace}/${name}`;
  return {
    key: change === undefined ? `e${event?.sequence}` : `c${change.revision} ${kind} ${place}`,
    at,
    actor,
    action: change === undefined ? (event?.action ?? '') : (EFFECTS[change.effect ?? ''] ?? 'changed'),
    outcome: change === undefined ? (event?.outcome ?? '') : 'done',
    about: [kind, place].filter(Boolean).join(' '),
    reason: change?.reason ?? '',
    address,
    credential,
    count: Number(event?.count ?? 1),
  };
}
