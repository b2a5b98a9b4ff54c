/** A company whose APIs, client applications and traffic look like those of one. */
import { DIMENSIONS } from '../../src/rollup/slot.ts';
import type { Dimension, SlotRow } from '../../src/rollup/slot.ts';
import { bucketOf } from '../history/slots.ts';

export interface CompanySize {
  readonly apis: number;
  readonly clients: number;
}

const TEAMS = ['shop', 'payments', 'logistics', 'people', 'data'];
const THINGS = [
  'orders',
  'catalog',
  'prices',
  'invoices',
  'refunds',
  'parcels',
  'tracking',
  'stock',
  'users',
  'reports',
];
const KINDS = ['web-shop', 'mobile', 'partner', 'till', 'batch', 'crm', 'warehouse', 'support', 'bi', 'kiosk'];
const ELSEWHERE = ['api.pay.example', 'maps.example', 'rates.example', 'mail.example'];
const DAY_S = 86_400;

/** The same for the same number: from 0 to 1. */
function chance(...seeds: readonly number[]): number {
  let hash = 2_166_136_261;
  for (const seed of seeds) hash = Math.imul(hash ^ (seed + 0x9e37), 16_777_619) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_519) >>> 0;
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

export interface Call {
  readonly api: number;
  readonly client: number;
  /** Requests a second, on average. */
  readonly rate: number;
}

export class Company {
  readonly calls: readonly Call[];
  readonly #size: CompanySize;

  constructor(size: CompanySize) {
    this.#size = size;
    this.calls = Array.from({ length: size.clients }, (_, client) =>
      Array.from({ length: 1 + Math.floor(chance(client, 1) * 4) }, (_each, at) => ({
        api: Math.floor(chance(client, at, 2) ** 1.6 * size.apis),
        client,
        rate: 0.02 + 6 * chance(client, at, 3) ** 5,
      })),
    )
      .flat()
      .filter((call, at, all) => all.findIndex(({ api, client }) => api === call.api && client === call.client) === at);
  }

  teamOf(api: number): string {
    return TEAMS[api % TEAMS.length] ?? '';
  }

  apiNamed(api: number): string {
    const version = Math.floor(api / (TEAMS.length * 2)) + 1;
    return `${this.teamOf(api)}/${THINGS[api % THINGS.length]}${version === 1 ? '' : `-v${version}`}`;
  }

  clientNamed(client: number): string {
    const number = Math.floor(client / KINDS.length);
    return `${TEAMS[client % TEAMS.length]}/${KINDS[client % KINDS.length]}${number === 0 ? '' : `-${number}`}`;
  }

  tierOf({ api, client }: Call): string {
    return chance(api, client, 4) < 0.3 ? 'gold' : 'silver';
  }

  contractOf({ api, client }: Call): string {
    return `${this.clientNamed(client).replace('/', '-')}-${this.apiNamed(api).split('/')[1]}`;
  }

  /** The rows of a span, as sidecars count them. @param incidentS while it lasts, one API fails */
  rows(startS: number, lengthS: number, incidentS: readonly [number, number]): readonly SlotRow[] {
    const hour = ((startS + lengthS / 2) % DAY_S) / 3600;
    const weekday = Math.floor(startS / DAY_S + 4) % 7;
    const day = (0.35 + 0.65 * Math.max(0, Math.sin(((hour - 5) / 17) * Math.PI))) * (weekday % 6 === 0 ? 0.55 : 1);
    const isFailing = startS + lengthS > incidentS[0] && startS < incidentS[1];
    return this.calls.flatMap((call, at) => {
      const wanted = call.rate * day * lengthS * (0.8 + 0.4 * chance(at, Math.floor(startS / 60), 5));
      const whole = Math.floor(wanted + chance(at, startS, 6));
      if (whole === 0) return [];
      const isSick = isFailing && call.api === 0;
      const errors = Math.floor(whole * (isSick ? 0.22 : 0.003) + chance(at, startS, 7) * 0.9);
      const spent = call.rate > 2 && hour > 11 && hour < 15 ? Math.floor(whole * 0.06) : 0;
      const other = Math.floor(whole * 0.006 + chance(at, startS, 8) * 0.6);
      const left = Math.max(0, whole - errors - spent - other);
      const middle = (12 + 60 * chance(call.api, 9)) * (isSick ? 9 : 1);
      return [
        this.#row(call, left, middle, { status: '200', outcome: 'processed' }),
        this.#row(call, errors, middle * 6, { status: '503', outcome: 'processed' }),
        this.#row(call, spent, 1, { status: '429', outcome: 'blocked', reason: 'quota_spent', policy: 'quota' }),
        this.#row(call, other, 1, REFUSALS[(call.client + call.api) % REFUSALS.length] ?? {}),
      ].filter(({ count }) => count > 0);
    });
  }

  #row(call: Call, count: number, middleMs: number, end: Partial<Record<Dimension, string>>): SlotRow {
    const { api, client } = call;
    const name = this.apiNamed(api);
    const isElsewhere = chance(api, 10) < 0.2;
    const [team = '', thing = ''] = name.split('/');
    const service = isElsewhere
      ? `outbound|443||${ELSEWHERE[api % ELSEWHERE.length]}`
      : `outbound|8080||${thing}.${team}.svc.cluster.local`;
    const key: Partial<Record<Dimension, string>> = {
      api: name,
      route: client % 3 === 0 ? `/${thing}/{id}` : `/${thing}`,
      client: this.clientNamed(client),
      contract: `${this.teamOf(api)}/${this.contractOf(call)}`,
      tier: this.tierOf(call),
      method: client % 4 === 0 ? 'POST' : 'GET',
      service: end.outcome === 'blocked' ? '' : service,
      ...(chance(client, 11) < 0.2 && { source: `spiffe://company/ns/${team}/sa/${KINDS[client % KINDS.length]}` }),
      ...end,
    };
    const few = Math.ceil(count * 0.05);
    const durations = new Map<number, number>();
    for (const [factor, share] of SPREAD) {
      const bucket = bucketOf(middleMs * factor);
      durations.set(bucket, (durations.get(bucket) ?? 0) + Math.round(count * share));
    }
    durations.set(bucketOf(middleMs * 5), few);
    const pairs = [...durations].filter(([, each]) => each > 0).toSorted(([a], [b]) => a - b);
    return {
      key: DIMENSIONS.map((dimension) => key[dimension] ?? ''),
      count,
      requestBytes: 640 * count,
      responseBytes: 3900 * count,
      durationCount: pairs.reduce((sum, [, each]) => sum + each, 0),
      durationMs: pairs.reduce((sum, [, each]) => sum + each * middleMs * 1.2, 0),
      policyMs: 0.2 * count,
      durations: pairs.flat(),
    };
  }

  /** Documents of the APIs, with tiers; of the applications; and of the contracts between them. */
  documents(): readonly object[] {
    const { apis, clients } = this.#size;
    const apiVersion = 'ostiary.dev/v1alpha1';
    const named = (qualified: string): { readonly namespace: string; readonly name: string } => {
      const [namespace = '', name = ''] = qualified.split('/');
      return { namespace, name };
    };
    const tier = (name: string, maximumRequests: number) => ({
      name,
      limits: [{ maximumRequests, timePeriodInMilliseconds: 1000 }],
      autoApprove: true,
    });
    return [
      ...Array.from({ length: apis }, (_, api) => ({
        apiVersion,
        kind: 'Api',
        metadata: { ...named(this.apiNamed(api)), lifecycle: 'published', visibility: 'internal' },
        spec: { basePath: `/${this.apiNamed(api)}`, tiers: [tier('gold', 20), tier('silver', 5)] },
      })),
      ...Array.from({ length: clients }, (_, client) => ({
        apiVersion,
        kind: 'ClientApplication',
        metadata: named(this.clientNamed(client)),
        spec: { clientId: this.clientNamed(client).replace('/', '-') },
      })),
      ...this.calls.map((call) => ({
        apiVersion,
        kind: 'Contract',
        metadata: { namespace: this.teamOf(call.api), name: this.contractOf(call) },
        spec: {
          api: named(this.apiNamed(call.api)).name,
          clientApplication: this.clientNamed(call.client),
          tier: this.tierOf(call),
          status: 'approved',
        },
      })),
    ];
  }
}

const SPREAD: readonly (readonly [factor: number, share: number])[] = [
  [0.5, 0.2],
  [0.8, 0.3],
  [1, 0.25],
  [1.6, 0.2],
];

const REFUSALS: readonly Partial<Record<Dimension, string>>[] = [
  { status: '401', outcome: 'blocked', reason: 'token_expired', policy: 'jwt' },
  { status: '403', outcome: 'blocked', reason: 'ip_not_allowed', policy: 'ip-allowlist' },
  { status: '401', outcome: 'blocked', reason: 'credentials_missing', policy: 'client-id' },
  { status: '404', outcome: 'processed' },
];
