/** What an alert measures, by the names in documents. */
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

/** The dimensions by which requests can be chosen. `status`: an exact status, or a class such as `5xx`. */
export const FILTER_DIMENSIONS = ['client', 'tier', 'method', 'status', 'outcome', 'policy', 'reason'] as const;
export type FilterDimension = (typeof FILTER_DIMENSIONS)[number];
export type AlertFilter = Readonly<Partial<Record<FilterDimension, readonly string[]>>>;

/** How the durations of a window become one value. */
export const STATISTICS = ['average', 'p50', 'p75', 'p90', 'p95', 'p99', 'p99.9'] as const;
export type Statistic = (typeof STATISTICS)[number];

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The unit of a threshold and a value: a number of requests, milliseconds, a part of 1, or a multiple. */
export type AlertUnit = 'count' | 'ms' | 'ratio' | 'factor';

/** A compiled document of kind Alert: its names are qualified, and defaults are filled in. */
export interface AlertRule {
  readonly name: string;
  readonly displayName?: string | undefined;
  readonly description?: string | undefined;
  readonly metric: AlertMetric;
  /** Each API is compared separately. Sorted. Empty for `completeness`, which covers all. */
  readonly apis: readonly string[];
  /** Whether these are all existing APIs. */
  readonly isEveryApi: boolean;
  readonly filter: AlertFilter;
  /** For `responseTime`. */
  readonly statistic: Statistic;
  /** For `burnRate`: the part of requests that should succeed, below 1. */
  readonly objective: number;
  readonly operator: 'above' | 'below';
  /** In the unit of the metric: see {@link unitOf}. */
  readonly threshold: number;
  /** The length of the window in milliseconds. 0 for `quotaUsed`, which measures the current moment. */
  readonly windowMs: number;
  /** For `burnRate`: a shorter window that must be above the threshold too. Otherwise 0. */
  readonly shortWindowMs: number;
  /** How long the condition must hold before the alert fires. */
  readonly forMs: number;
  readonly severity: Severity;
  /** The qualified names of webhooks. */
  readonly notify: readonly string[];
}

/** A compiled document of kind Webhook. */
export interface Webhook {
  readonly name: string;
  /** May be a secret. */
  readonly url: string;
  readonly format: 'json' | 'slack';
  /** The key that signs messages; absent: messages are not signed. */
  readonly signingKey?: Buffer | undefined;
}

/** The alerts and webhooks in the documents. */
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

/** Formats a duration as Prometheus and documents do: `5m`, `90s`, `250ms`. */
export function durationText(ms: number): string {
  const step = STEPS.find(([, stepMs]) => ms > 0 && ms % stepMs === 0);
  return step === undefined ? `${ms}ms` : `${ms / step[1]}${step[0]}`;
}

const SIGNS: Readonly<Record<AlertUnit, string>> = { count: '', ms: 'ms', ratio: '%', factor: '×' };

/** Formats a value or a threshold for people: `42`, `250ms`, `99.5%`, `14.4×`. */
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

/** Describes the condition without names: `responseTime p95 above 500ms in 5m, for 10m`. */
export function conditionText({ metric, statistic, operator, threshold, windowMs, forMs }: AlertRule): string {
  const what = metric === 'responseTime' ? `${SUBJECTS[metric]} (${statistic})` : SUBJECTS[metric];
  const span = windowMs > 0 ? ` in ${durationText(windowMs)}` : '';
  return `${what} ${operator} ${valueText(threshold, metric)}${span}${forMs > 0 ? `, for ${durationText(forMs)}` : ''}`;
}

/** Sorted by name. */
export function sortedLabels(labels: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** A low count means something only if all requests were observed. */
export function isAboutTooFew({ metric, operator }: Pick<AlertRule, 'metric' | 'operator'>): boolean {
  return metric === 'requests' && operator === 'below';
}
