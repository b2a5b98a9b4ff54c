import { createHmac } from 'node:crypto';
import { api, client, contract } from '../e2e/documents.ts';
import type { Document } from '../e2e/documents.ts';

// What the mesh is driven with: APIs, contracts, and for every kind of Check the counters that it charges. All
// limits of one API differ, so that `x-ratelimit-limit` tells which counter an answer speaks of.

export const HOUR = 3_600_000;

/** What changes while the mesh runs. */
export interface State {
  readonly hits: 30 | 60 | 90;
  readonly tier: 'walk' | 'run';
  readonly guest: 'approved' | 'revoked';
  readonly hasSecond: boolean;
}

export const FIRST: State = { hits: 60, tier: 'walk', guest: 'approved', hasSecond: false };

/** The windows of one length that one key has: what a limit is promised for. */
export interface Counter {
  readonly name: string;
  readonly windowMs: number;
  /** Its windows are minutes of the clock; else they open with the first hit. */
  readonly isCalendar?: boolean;
  /** Each replica has its own. */
  readonly isOfReplica?: boolean;
  /** Undefined: not charged in this state. */
  limitIn(state: State): number | undefined;
  /** Every limit it may have. */
  readonly limits: readonly number[];
  readonly unitsOf: (cost: number) => number;
}

/** Checks of one client at one API. */
export interface Line {
  readonly api: string;
  readonly client: string;
  readonly quota: 'exact' | 'leased';
  readonly onStoreFailure: 'deny' | 'allow' | 'local';
  readonly counters: readonly Counter[];
  readonly isTokenBearer?: boolean;
  /** Operators reset it. */
  readonly isReset?: boolean;
  admits(state: State): boolean;
}

type Limits = readonly (readonly [maximum: number, windowMs: number | 'minute'])[];

const ANY_COST = "#[attributes.headers['x-cost']]";
const COSTS = { cost: ANY_COST, maxCost: 5, exposeHeaders: true };
const always = (): boolean => true;
const ownCost = (cost: number): number => cost;

function limitsOf(limits: Limits): object[] {
  return limits.map(([maximumRequests, window]) =>
    window === 'minute'
      ? { maximumRequests, calendar: window, timeZone: 'Europe/Berlin' }
      : { maximumRequests, timePeriodInMilliseconds: window },
  );
}

function tier(name: string, limits: Limits, more: object = {}): object {
  return { name, limits: limitsOf(limits), ...more };
}

function sla(config: object = {}): object {
  return { policyRef: { name: 'rate-limiting-sla' }, config: { ...COSTS, ...config } };
}

function fixed(name: string, limits: Limits): Counter[] {
  return limits.map(([maximum, window]) => ({
    name: `${name} in ${window}`,
    windowMs: window === 'minute' ? 60_000 : window,
    isCalendar: window === 'minute',
    limitIn: () => maximum,
    limits: [maximum],
    unitsOf: ownCost,
  }));
}

const PLAIN_TIERS: Readonly<Record<string, Limits>> = {
  daily: [[1200, HOUR]],
  burst: [[40, 1000]],
  both: [
    [80, 1000],
    [900, HOUR],
  ],
  minute: [[400, 'minute']],
  reset: [[300, HOUR]],
};
const MODES = ['leased', 'exact'] as const;

const plain: Line[] = MODES.flatMap((quota) =>
  Object.entries(PLAIN_TIERS).map(([name, limits]): Line => {
    const counters = fixed(`${name} at ${quota}`, limits);
    const isReset = name === 'reset';
    return { api: quota, client: name, quota, counters, onStoreFailure: 'deny', isReset, admits: always };
  }),
);

const PAIR_WIDE: Limits = [[70, 1000]];
const pairWide = fixed('all at pair', PAIR_WIDE);
const PAIR_TIERS: Readonly<Record<string, Limits>> = { left: [[50, 1000]], right: [[60, 2000]] };
const pair: Line[] = Object.entries(PAIR_TIERS).map(([name, limits]) => {
  const counters = [...fixed(`${name} at pair`, limits), ...pairWide];
  return { api: 'pair', client: name, quota: 'leased', counters, onStoreFailure: 'deny', admits: always };
});

const OWN: Limits = [[20, 1000]];
const CLAIMS: Limits = [[65, 2000]];
const TIER_ALLOWS: Limits = [[30, 1000]];
const FLAG_ALLOWS: Limits = [[35, 1000]];
export const ALONE_LIMIT = 400;
const ALONE: Limits = [[ALONE_LIMIT, HOUR]];

const special: Line[] = [
  {
    ...lineOf('own', OWN, 'exact', 'deny'),
    counters: [{ ...changingCounter('own', 1000, [20], () => 20), isOfReplica: true }],
  },
  { ...lineOf('claims', CLAIMS, 'leased', 'deny'), isTokenBearer: true },
  lineOf('tier-allows', TIER_ALLOWS, 'leased', 'allow'),
  lineOf('flag-allows', FLAG_ALLOWS, 'exact', 'allow'),
  lineOf('alone', ALONE, 'exact', 'local'),
];

function lineOf(name: string, limits: Limits, quota: Line['quota'], onStoreFailure: Line['onStoreFailure']): Line {
  return { api: name, client: name, quota, counters: fixed(name, limits), onStoreFailure, admits: always };
}

const CHANGING_HITS = [30, 60, 90] as const;
const WALK: Limits = [[25, 1000]];
const RUN: Limits = [
  [50, 1000],
  [700, HOUR],
];
const GUEST: Limits = [[33, 1000]];
const WIDE_SECOND = 24;
const GROWING: Limits = [[45, 1000]];

const changing: Line[] = [
  lineWith('hits', 'changing', [
    changingCounter('hits in 1000', 1000, CHANGING_HITS, ({ hits }) => hits),
    changingCounter(
      'hits in an hour',
      HOUR,
      CHANGING_HITS.map((hits) => hits * 12),
      ({ hits }) => hits * 12,
    ),
  ]),
  lineWith('mover', 'changing', [
    changingCounter('mover in 1000', 1000, [25, 50], (state) => (state.tier === 'walk' ? 25 : 50)),
    changingCounter('mover in an hour', HOUR, [700], (state) => (state.tier === 'walk' ? undefined : 700)),
  ]),
  { ...lineWith('guest', 'changing', fixed('guest', GUEST)), admits: ({ guest }) => guest === 'approved' },
  lineWith('grower', 'growing', [
    ...fixed('grower', GROWING),
    {
      ...changingCounter('all at growing', 1000, [WIDE_SECOND], (s) => (s.hasSecond ? WIDE_SECOND : undefined)),
      unitsOf: () => 1,
    },
  ]),
];

function lineWith(name: string, at: string, counters: Counter[]): Line {
  return { api: at, client: name, quota: 'leased', counters, onStoreFailure: 'deny', admits: always };
}

function changingCounter(
  name: string,
  windowMs: number,
  limits: readonly number[],
  limitIn: Counter['limitIn'],
): Counter {
  return { name, windowMs, limits, limitIn, unitsOf: ownCost };
}

/** Every kind of Check. */
export const lines: readonly Line[] = [...plain, ...pair, ...special, ...changing];

const SECRET = 'a secret of the test that is long enough for HS256';
const BEARER = { signingMethod: 'hmac', textKey: SECRET, skipClientIdValidation: true };

/** The documents of a state. */
export function documentsOf({ hits, tier: moverTier, guest, hasSecond }: State): Document[] {
  const plainList = Object.entries(PLAIN_TIERS).map(([name, limits]) => tier(name, limits));
  const wide = (limits: Limits, config: object): object => ({
    policyRef: { name: 'rate-limiting' },
    config: { rateLimits: limitsOf(limits), exposeHeaders: true, ...config },
  });
  const pairList = Object.entries(PAIR_TIERS).map(([name, limits]) => tier(name, limits));
  const fromClaim = { cost: '#[vars.claimSet.units]', clientIdExpression: '#[vars.claimSet.client_id]' };
  const hitLimits: Limits = [
    [hits, 1000],
    [hits * 12, HOUR],
  ];
  const changingTiers = [tier('hits', hitLimits), tier('walk', WALK), tier('run', RUN), tier('guest', GUEST)];
  const growing = [sla(), ...(hasSecond ? [wide([[WIDE_SECOND, 1000]], {})] : [])];
  const names = [...new Set(lines.map((line) => line.client))];
  return [
    ...MODES.map((quota) => api(quota, { tiers: plainList, policies: [sla({ quota })] })),
    api('pair', { tiers: pairList, policies: [wide(PAIR_WIDE, { cost: ANY_COST, maxCost: 5 }), sla()] }),
    api('own', { tiers: [tier('own', OWN)], policies: [sla({ clusterizable: false })] }),
    api('claims', {
      tiers: [tier('claims', CLAIMS)],
      policies: [
        { policyRef: { name: 'jwt-validation' }, config: BEARER },
        sla({ ...fromClaim, clientSecretExpression: '' }),
      ],
    }),
    api('tier-allows', { tiers: [tier('tier-allows', TIER_ALLOWS, { onStoreFailure: 'allow' })], policies: [sla()] }),
    api('flag-allows', {
      tiers: [tier('flag-allows', FLAG_ALLOWS)],
      policies: [sla({ quota: 'exact', blockOnUnknownQuota: false })],
    }),
    api('alone', { tiers: [tier('alone', ALONE)], policies: [sla({ quota: 'exact', onStoreFailure: 'local' })] }),
    api('changing', { tiers: changingTiers, policies: [sla()] }),
    api('growing', { tiers: [tier('grower', GROWING)], policies: growing }),
    ...names.map((name) => client(name)),
    ...lines.map(({ client: name, api: at }) => {
      const agreed = contract(name, at, name === 'mover' ? moverTier : name);
      return name === 'guest' ? withStatus(agreed, guest) : agreed;
    }),
  ];
}

function withStatus(agreed: Document, status: string): Document {
  return { ...agreed, spec: { ...agreed.spec, status } };
}

/** By which a line's Checks are known, and what they cost. */
export function headersOf(line: Line, cost: number): Record<string, string> {
  if (line.isTokenBearer === true) return { authorization: `Bearer ${token(line.client, cost)}` };
  return { client_id: `${line.client}-id`, client_secret: `${line.client}-secret`, 'x-cost': String(cost) };
}

const tokens = new Map<string, string>();

function token(name: string, units: number): string {
  const known = tokens.get(`${name} ${units}`);
  if (known !== undefined) return known;
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { client_id: `${name}-id`, units, exp: Math.floor(Date.now() / 1000) + 86_400 };
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  const made = `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
  tokens.set(`${name} ${units}`, made);
  return made;
}
