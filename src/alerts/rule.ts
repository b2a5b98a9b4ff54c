/** What an alert looks at, by the name that documents have for it. */
export const ALERT_METRICS = [
  'requests',
  'denials',
  'errorRatio',
  'responseTime',
  'quotaUsed',
  'completeness',
  'burnRate',
] as const;
export type AlertMetric = (typeof ALERT_METRICS)[number];

/** By what requests may be chosen. `status`: exact, or a class such as `5xx`. */
export const FILTER_DIMENSIONS = ['client', 'tier', 'method', 'status', 'outcome', 'policy', 'reason'] as const;
export type FilterDimension = (typeof FILTER_DIMENSIONS)[number];
export type AlertFilter = Readonly<Partial<Record<FilterDimension, readonly string[]>>>;

/** How the durations of a window become one. */
export const STATISTICS = ['average', 'p50', 'p75', 'p90', 'p95', 'p99', 'p99.9'] as const;
export type Statistic = (typeof STATISTICS)[number];

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** In which unit a threshold and a value are: a number of requests, milliseconds, a part of 1, or a multiple. */
export type AlertUnit = 'count' | 'ms' | 'ratio' | 'factor';

/** A document of kind Alert, compiled: its names are qualified, its defaults filled in. */
export interface AlertRule {
  readonly name: string;
  readonly displayName?: string | undefined;
  readonly description?: string | undefined;
  readonly metric: AlertMetric;
  /** Each is compared by itself. Sorted. Empty for `completeness`, which is about all. */
  readonly apis: readonly string[];
  /** Whether these are all that there are. */
  readonly isEveryApi: boolean;
  readonly filter: AlertFilter;
  /** Of `responseTime`. */
  readonly statistic: Statistic;
  /** Of `burnRate`: the part of requests that is to succeed, below 1. */
  readonly objective: number;
  readonly operator: 'above' | 'below';
  /** In the unit of the metric: see {@link unitOf}. */
  readonly threshold: number;
  /** What is looked at: the last so many milliseconds. 0 for `quotaUsed`, which is about this moment. */
  readonly windowMs: number;
  /** Of `burnRate`: a shorter window that has to be above the threshold too. Else 0. */
  readonly shortWindowMs: number;
  /** How long the comparison has to hold before the alert fires. */
  readonly forMs: number;
  readonly severity: Severity;
  /** Qualified names. */
  readonly notify: readonly string[];
}

/** A document of kind Webhook, compiled. */
export interface Webhook {
  readonly name: string;
  /** May be a secret. */
  readonly url: string;
  readonly format: 'json' | 'slack';
  /** With which messages are signed; absent: they are not. */
  readonly signingKey?: Buffer | undefined;
}

/** What documents say of alerts. */
export interface Alerting {
  /** Sorted by name. */
  readonly rules: readonly AlertRule[];
  readonly webhooks: ReadonlyMap<string, Webhook>;
}

const UNITS: Readonly<Record<AlertMetric, AlertUnit>> = {
  requests: 'count',
  denials: 'count',
  errorRatio: 'ratio',
  responseTime: 'ms',
  quotaUsed: 'ratio',
  completeness: 'ratio',
  burnRate: 'factor',
};

export function unitOf(metric: AlertMetric): AlertUnit {
  return UNITS[metric];
}

const STEPS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
];

/** `5m`, `90s`, `250ms`: as Prometheus and documents write durations. */
export function durationText(ms: number): string {
  const step = STEPS.find(([, stepMs]) => ms > 0 && ms % stepMs === 0);
  return step === undefined ? `${ms}ms` : `${ms / step[1]}${step[0]}`;
}

const SIGNS: Readonly<Record<AlertUnit, string>> = { count: '', ms: 'ms', ratio: '%', factor: '×' };

/** A value or a threshold for people: `42`, `250ms`, `99.5%`, `14.4×`. */
export function valueText(value: number, metric: AlertMetric): string {
  const unit = unitOf(metric);
  const number = Number((unit === 'ratio' ? value * 100 : value).toPrecision(4));
  return `${number}${SIGNS[unit]}`;
}

const SUBJECTS: Readonly<Record<AlertMetric, string>> = {
  requests: 'requests',
  denials: 'denied requests',
  errorRatio: 'share of requests that fail',
  responseTime: 'response time',
  quotaUsed: 'used part of a quota',
  completeness: 'completeness of the analytics',
  burnRate: 'rate at which the error budget burns',
};

/** One sentence without names: `responseTime p95 above 500ms in 5m, for 10m`. */
export function conditionText({ metric, statistic, operator, threshold, windowMs, forMs }: AlertRule): string {
  const what = metric === 'responseTime' ? `${SUBJECTS[metric]} (${statistic})` : SUBJECTS[metric];
  const span = windowMs > 0 ? ` in ${durationText(windowMs)}` : '';
  return `${what} ${operator} ${valueText(threshold, metric)}${span}${forMs > 0 ? `, for ${durationText(forMs)}` : ''}`;
}

/** By name. */
export function sortedLabels(labels: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
