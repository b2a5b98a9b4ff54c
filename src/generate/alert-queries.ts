import { durationText } from '../alerts/rule.ts';
import type { AlertMetric, AlertRule, FilterDimension } from '../alerts/rule.ts';

/** A rule as a query of Prometheus, or why there is none. */
export type AlertQuery = { readonly expr: string } | { readonly problem: string };

/** A metric family of ostiary, and the label for each dimension. */
interface Family {
  readonly name: string;
  readonly labels: Readonly<Partial<Record<FilterDimension, string>>>;
}

const REQUESTS: Family = {
  name: 'ostiary_requests_total',
  labels: { client: 'client', tier: 'tier', method: 'method', status: 'status_class', outcome: 'outcome' },
};
const DURATIONS: Family = { name: 'ostiary_request_duration_seconds', labels: {} };
const CONTRACTS: Family = { name: 'ostiary_contract_used_units', labels: { policy: 'policy' } };
const VIOLATIONS: Family = { name: 'ostiary_policy_violations_total', labels: { policy: 'policy', reason: 'reason' } };

const queries: Readonly<Record<AlertMetric, (rule: AlertRule) => AlertQuery>> = {
  requests: (rule) => counted(rule, REQUESTS, []),
  denials: (rule) =>
    rule.filter.policy === undefined && rule.filter.reason === undefined
      ? counted(rule, REQUESTS, ['outcome="blocked"'])
      : counted(rule, VIOLATIONS, []),
  errorRatio: (rule) =>
    from(selectorOf(rule, REQUESTS), (selector) => `${errorsOf(selector, rule.windowMs)} > ${rule.threshold}`),
  responseTime: (rule) =>
    from(selectorOf(rule, DURATIONS), (selector) => `${timeOf(rule, selector)} > ${rule.threshold / 1000}`),
  burnRate: (rule) =>
    from(selectorOf(rule, REQUESTS), (selector) => {
      const bound = Number((rule.threshold * (1 - rule.objective)).toPrecision(12));
      const windows = [rule.windowMs, rule.shortWindowMs];
      return windows.map((windowMs) => `${errorsOf(selector, windowMs)} > ${bound}`).join(' and ');
    }),
  quotaUsed: (rule) =>
    from(selectorOf(rule, CONTRACTS), ({ matchers }) => {
      const used = `${series(CONTRACTS, matchers)} / ostiary_contract_limit_units`;
      // Each replica reports the last value that it saw.
      return `max by (api, contract, policy, window) (${used}) > ${rule.threshold}`;
    }),
  completeness: ({ threshold, windowMs }) => {
    const sum = (states: string): string =>
      `sum(increase(ostiary_analytics_decisions_total{state=~"${states}"}[${durationText(windowMs)}]))`;
    // Late decisions were counted as unreported before, and as reported now.
    return { expr: `${sum('reported')} / (${sum('reported|unreported')} - ${sum('late')}) < ${threshold}` };
  },
};

/** The condition of a rule in PromQL. Its result has a series for each API that meets the condition. */
export function alertQuery(rule: AlertRule): AlertQuery {
  return queries[rule.metric](rule);
}

interface Selector {
  readonly matchers: readonly string[];
}

function from(selected: Selector | { readonly problem: string }, make: (selector: Selector) => string): AlertQuery {
  return 'problem' in selected ? selected : { expr: make(selected) };
}

/** The requests with 5xx: those that the upstream, Envoy or ostiary could not serve. */
function errorsOf({ matchers }: Selector, windowMs: number): string {
  const sum = (more: readonly string[]): string =>
    `sum by (api) (increase(${series(REQUESTS, [...matchers, ...more])}[${durationText(windowMs)}]))`;
  return `${sum(['status_class="5xx"'])} / ${sum([])}`;
}

function timeOf({ statistic, windowMs }: AlertRule, { matchers }: Selector): string {
  const part = (suffix: string, by: string): string =>
    `sum by (${by}) (increase(${series({ ...DURATIONS, name: `${DURATIONS.name}_${suffix}` }, matchers)}[${durationText(windowMs)}]))`;
  if (statistic === 'average') return `${part('sum', 'api')} / ${part('count', 'api')}`;
  return `histogram_quantile(${shareOf(statistic)}, ${part('bucket', 'api, le')})`;
}

/** `p95` as 0.95. */
export function shareOf(statistic: Exclude<AlertRule['statistic'], 'average'>): number {
  return Number((Number(statistic.slice(1)) / 100).toFixed(6));
}

function counted(rule: AlertRule, family: Family, own: readonly string[]): AlertQuery {
  return from(selectorOf(rule, family), ({ matchers }) => {
    const { operator, threshold, windowMs, apis } = rule;
    const sum = `sum by (api) (increase(${series(family, [...matchers, ...own])}[${durationText(windowMs)}]))`;
    if (operator === 'above') return `${sum} > ${threshold}`;
    // An API without requests has no series, but is below the threshold too.
    const none = apis.map((api) => `label_replace(vector(0), "api", ${quoted(api)}, "", "")`);
    // A low count means something only if requests were counted for the whole window.
    const watched = `count(ostiary_build_info offset ${durationText(windowMs)}) > 0`;
    return `(${[sum, ...none].join(' or ')}) < ${threshold} and on () ${watched}`;
  });
}

function series({ name }: Family, matchers: readonly string[]): string {
  return `${name}{${matchers.join(',')}}`;
}

function selectorOf(
  { apis, isEveryApi, filter, name }: AlertRule,
  family: Family,
): Selector | { readonly problem: string } {
  const matchers = [isEveryApi && apis.length > 1 ? 'api!~"|_other"' : matcherOf('api', apis)];
  for (const [dimension, values] of Object.entries(filter) as [FilterDimension, readonly string[]][]) {
    const label = family.labels[dimension];
    if (label === undefined) return { problem: `${name}: ${family.name} has no label for the filter ${dimension}` };
    if (dimension === 'status') {
      const exact = values.find((value) => !/^(?:\dxx|0)$/.test(value));
      if (exact !== undefined)
        return { problem: `${name}: Prometheus has classes of statuses alone, such as 5xx, and no ${exact}` };
    }
    matchers.push(
      matcherOf(
        label,
        values.map((value) => (dimension === 'status' && value === '0' ? 'none' : value)),
      ),
    );
  }
  return { matchers };
}

function matcherOf(label: string, values: readonly string[]): string {
  if (values.length === 1) return `${label}=${quoted(values[0] ?? '')}`;
  return `${label}=~${quoted(values.map((value) => value.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`)).join('|'))}`;
}

/** A string of PromQL. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
