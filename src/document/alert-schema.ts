import { z } from 'zod';
import { ALERT_METRICS, SEVERITIES, STATISTICS, unitOf } from '../alerts/rule.ts';
import type { AlertMetric, AlertUnit } from '../alerts/rule.ts';
import { allReasons } from '../policies/index.ts';
import { didYouMean } from '../nearest.ts';
import { labels } from './fields.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `5m` in milliseconds; undefined if the text is not a duration. */
export function durationMsOf(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * (UNIT_MS[unit] ?? 0);
}

/** `99.5%` as a part of 1; undefined if the text is not a percentage. */
export function ratioOf(text: string): number | undefined {
  const number = /^(\d+(?:\.\d+)?)\s?%$/.exec(text)?.[1];
  // Rounded: 99.9 / 100 is a little more than 0.999.
  return number === undefined ? undefined : Number((Number(number) / 100).toFixed(12));
}

/** Values of counters are multiples of this. */
const STEP_MS = 10_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const span = (minimumMs: number, maximumMs: number, range: string) =>
  z.string().superRefine((text, context) => {
    const ms = durationMsOf(text);
    const isFit = ms !== undefined && ms >= minimumMs && ms <= maximumMs && ms % STEP_MS === 0;
    if (!isFit) context.addIssue({ code: 'custom', message: `expected a duration ${range}, in steps of 10s` });
  });

const OUTCOMES = ['processed', 'blocked', 'answered', 'unchecked', 'check_error', 'rejected_by_envoy'] as const;

const oneOrMore = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item).min(1)]);

const someText = z.string().min(1).max(512);

const status = z.string().superRefine((text, context) => {
  if (/^(?:[1-5]xx|[1-5]\d\d|0)$/.test(text)) return;
  context.addIssue({
    code: 'custom',
    message: 'expected a status such as "404", a class such as 5xx, or "0" for none',
  });
});

const filter = z.strictObject({
  client: oneOrMore(someText).optional().describe('metadata.name of a ClientApplication; some, or a list'),
  tier: oneOrMore(someText).optional().describe('A tier of the API'),
  method: oneOrMore(z.string().regex(/^[A-Z]{1,20}$/, 'expected a method such as GET'))
    .optional()
    .describe('Such as GET'),
  status: oneOrMore(status).optional().describe('Such as "404", or a class such as 5xx'),
  outcome: oneOrMore(z.enum(OUTCOMES)).optional().describe('How requests ended (docs/analytics.md)'),
  policy: oneOrMore(someText).optional().describe('The policy that denied, by its name in metrics'),
  reason: oneOrMore(someText).optional().describe('Why it was denied (docs/metrics.md)'),
});

type Written = z.output<typeof fields>;

const fields = z.strictObject({
  api: z.string().optional().describe('metadata.name of an Api; absent, and no selector: each Api of the namespace'),
  selector: z
    .strictObject({ labels: labels.describe('All must be equal') })
    .optional()
    .describe('In place of api: each Api with these labels is compared by itself'),
  metric: z.enum(ALERT_METRICS).describe('What is looked at (docs/alerts.md)'),
  filter: filter.optional().describe('Which requests; absent: all'),
  statistic: z.enum(STATISTICS).optional().describe('Of responseTime: the average or a percentile; default p95'),
  objective: z.string().optional().describe('Of burnRate: the part of requests that is to succeed, such as 99.9%'),
  operator: z.enum(['above', 'below']).optional().describe('Default above; for completeness below'),
  threshold: z
    .union([z.number().min(0), z.string()])
    .describe('A number of requests, a duration such as 500ms, a percentage such as 5%, or a burn rate such as 14.4'),
  window: span(MINUTE_MS, 30 * DAY_MS, 'from 1m to 30d')
    .optional()
    .describe('The last so long is looked at, such as 5m; quotaUsed has none'),
  shortWindow: span(MINUTE_MS, 30 * DAY_MS, 'from 1m to 30d')
    .optional()
    .describe('Of burnRate: it has to be above the threshold here too; default: a twelfth of window, at least 1m'),
  for: span(0, 7 * DAY_MS, 'from 0s to 7d')
    .optional()
    .describe('How long it has to hold before the alert fires; default 0s. N periods are N − 1 windows'),
  severity: z.enum(SEVERITIES).default('warning'),
  notify: z
    .array(z.string())
    .max(20)
    .default([])
    .describe('metadata.name of each Webhook that is told when the alert fires and when it ends'),
});

/** Which fields a metric needs, which it does not allow, and its other rules. */
interface Demand {
  readonly operators: readonly ('above' | 'below')[];
  readonly without: readonly (keyof Written)[];
  readonly filter: readonly string[];
}

const REQUESTS = ['client', 'tier', 'method', 'status', 'outcome', 'policy', 'reason'];

export const METRIC_DEMANDS: Readonly<Record<AlertMetric, Demand>> = {
  requests: { operators: ['above', 'below'], without: ['statistic', 'objective', 'shortWindow'], filter: REQUESTS },
  denials: {
    operators: ['above'],
    without: ['statistic', 'objective', 'shortWindow'],
    filter: ['client', 'tier', 'policy', 'reason'],
  },
  errorRatio: {
    operators: ['above'],
    without: ['statistic', 'objective', 'shortWindow'],
    filter: ['client', 'tier', 'method'],
  },
  responseTime: {
    operators: ['above'],
    without: ['objective', 'shortWindow'],
    filter: ['client', 'tier', 'method', 'status', 'outcome'],
  },
  quotaUsed: {
    operators: ['above'],
    without: ['statistic', 'objective', 'window', 'shortWindow'],
    filter: ['client', 'tier', 'policy'],
  },
  completeness: {
    operators: ['below'],
    without: ['api', 'selector', 'filter', 'statistic', 'objective', 'shortWindow'],
    filter: [],
  },
  burnRate: { operators: ['above'], without: ['statistic'], filter: ['client', 'tier', 'method'] },
};

const EXPECTED: Readonly<Record<AlertUnit, string>> = {
  count: 'expected a number of requests',
  ms: 'expected a duration such as 500ms',
  ratio: 'expected a percentage such as 5%',
  factor: 'expected a number such as 14.4: how many times faster than the objective allows',
};

/** A threshold in the unit of its metric; undefined if it is malformed. */
export function thresholdOf(written: number | string, metric: AlertMetric): number | undefined {
  const unit = unitOf(metric);
  if (unit === 'count' || unit === 'factor') return typeof written === 'number' ? written : undefined;
  if (typeof written === 'number') return undefined;
  return unit === 'ms' ? durationMsOf(written) : ratioOf(written);
}

export const alert = fields.superRefine((spec, context) => {
  const { metric } = spec;
  const demand = METRIC_DEMANDS[metric];
  const fault = (path: readonly string[], message: string): void =>
    context.addIssue({ code: 'custom', path: [...path], message });
  for (const field of demand.without)
    if (spec[field] !== undefined) fault([field], `has no effect with metric: ${metric}; remove it`);
  for (const dimension of Object.keys(spec.filter ?? {}))
    if (!demand.without.includes('filter') && !demand.filter.includes(dimension))
      fault(['filter', dimension], `has no effect with metric: ${metric}; it knows ${demand.filter.join(', ')}`);
  if (spec.operator !== undefined && !demand.operators.includes(spec.operator))
    fault(['operator'], `with metric: ${metric} it is ${demand.operators.join(' or ')}`);
  const threshold = thresholdOf(spec.threshold, metric);
  if (threshold === undefined) fault(['threshold'], `${EXPECTED[unitOf(metric)]}, for metric: ${metric}`);
  else if (unitOf(metric) === 'ratio' && threshold > 1) fault(['threshold'], 'expected at most 100%');
  if (spec.window === undefined && !demand.without.includes('window'))
    fault(['window'], 'is missing: expected a duration such as 5m');
  if (spec.api !== undefined && spec.selector !== undefined)
    fault(['selector'], 'contradicts api: remove one of the two');
  if (metric === 'burnRate') burnRateFaults(spec, fault);
  for (const reason of listOf(spec.filter?.reason)) {
    if (Object.hasOwn(allReasons, reason)) continue;
    fault(
      ['filter', 'reason'],
      `there is no reason ${JSON.stringify(reason)}${didYouMean(reason, Object.keys(allReasons))}`,
    );
  }
});

function burnRateFaults(spec: Written, fault: (path: readonly string[], message: string) => void): void {
  const objective = spec.objective === undefined ? undefined : ratioOf(spec.objective);
  if (spec.objective === undefined) fault(['objective'], 'is missing: expected a percentage such as 99.9%');
  else if (objective === undefined || objective <= 0 || objective >= 1)
    fault(['objective'], 'expected a percentage above 0% and below 100%, such as 99.9%');
  else if (typeof spec.threshold === 'number' && spec.threshold * (1 - objective) >= 1)
    fault(
      ['threshold'],
      `no share of failures is so large: with ${spec.objective} it is below ${Math.round(1 / (1 - objective))}`,
    );
  const [windowMs, shortMs] = [durationMsOf(spec.window ?? ''), durationMsOf(spec.shortWindow ?? '')];
  if (windowMs !== undefined && shortMs !== undefined && shortMs >= windowMs)
    fault(['shortWindow'], 'expected less than window');
}

/** Accepts a single item or a list; returns a list. */
export function listOf(written: string | readonly string[] | undefined): readonly string[] {
  return written === undefined ? [] : typeof written === 'string' ? [written] : written;
}

const secretText = z.union([
  z.strictObject({ value: z.string().min(1).describe('The secret, or $NAME') }),
  z.strictObject({ file: z.string().min(1).describe('Relative to the document; one newline at its end is cut') }),
]);

/** The fields that say where messages about alerts are sent. */
export const webhook = z.strictObject({
  url: z
    .union([z.string().min(1).max(4096), z.strictObject({ file: z.string().min(1) })])
    .describe('Where messages are posted: a URL, $NAME, or {file: …} that holds it'),
  format: z.enum(['json', 'slack']).default('json').describe('slack: {"text": …}, which Slack and Mattermost take'),
  signingSecret: secretText
    .optional()
    .describe('Signs messages (Standard Webhooks), at least 24 bytes; whsec_… is read as base64'),
});
