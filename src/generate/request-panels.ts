import { RATE } from './panel.ts';
import type { Panel } from './panel.ts';

/** Panels about requests in Envoy's access log, and about denials. */
export const requestPanels: readonly Panel[] = [
  {
    title: 'Requests a second',
    description: 'Requests that have ended, as Envoy logged them.',
    audiences: ['platform', 'owner', 'client'],
    row: 'Now',
    type: 'stat',
    unit: 'reqps',
    queries: [{ expr: `sum(rate(ostiary_requests_total{SCOPE}${RATE}))`, legend: 'requests' }],
  },
  {
    title: 'Failed',
    description: 'The share of requests that ended with a status of 500 or more.',
    audiences: ['platform', 'owner', 'client'],
    row: 'Now',
    type: 'stat',
    unit: 'percentunit',
    queries: [
      {
        expr:
          `(sum(rate(ostiary_requests_total{SCOPE,status_class="5xx"}${RATE})) or vector(0))` +
          ` / sum(rate(ostiary_requests_total{SCOPE}${RATE}))`,
        legend: 'failed',
      },
    ],
  },
  {
    title: 'Denied',
    description: 'The share of requests that a policy refused.',
    audiences: ['platform', 'owner', 'client'],
    row: 'Now',
    type: 'stat',
    unit: 'percentunit',
    queries: [
      {
        expr:
          `(sum(rate(ostiary_requests_total{SCOPE,outcome="blocked"}${RATE})) or vector(0))` +
          ` / sum(rate(ostiary_requests_total{SCOPE}${RATE}))`,
        legend: 'denied',
      },
    ],
  },
  {
    title: 'Nobody protects',
    description: 'Requests a second that reached an upstream without a Check: a route or a listener without ext_authz.',
    audiences: ['platform'],
    row: 'Now',
    type: 'stat',
    unit: 'reqps',
    queries: [
      {
        expr: `sum(rate(ostiary_requests_total{outcome="unchecked"}${RATE})) or vector(0)`,
        legend: 'unchecked',
      },
    ],
  },
  {
    title: 'Requests by status',
    description: 'none: the request ended before any answer.',
    audiences: ['platform', 'owner', 'client'],
    row: 'Requests',
    type: 'timeseries',
    unit: 'reqps',
    queries: [
      {
        expr: `sum by (status_class) (rate(ostiary_requests_total{SCOPE}${RATE}))`,
        legend: '{{status_class}}',
      },
    ],
  },
  {
    title: 'Requests by outcome',
    description: 'processed and answered are allowed, blocked is denied; the others never had a decision.',
    audiences: ['platform', 'owner'],
    row: 'Requests',
    type: 'timeseries',
    unit: 'reqps',
    queries: [{ expr: `sum by (outcome) (rate(ostiary_requests_total{SCOPE}${RATE}))`, legend: '{{outcome}}' }],
  },
  {
    title: 'Requests by API',
    description: 'The ten APIs with the most requests.',
    audiences: ['platform', 'client'],
    row: 'Requests',
    type: 'timeseries',
    unit: 'reqps',
    queries: [{ expr: `topk(10, sum by (api) (rate(ostiary_requests_total{SCOPE}${RATE})))`, legend: '{{api}}' }],
  },
  {
    title: 'Requests by client application',
    description: 'The ten client applications with the most requests; empty: nobody known.',
    audiences: ['platform', 'owner'],
    row: 'Requests',
    type: 'timeseries',
    unit: 'reqps',
    queries: [{ expr: `topk(10, sum by (client) (rate(ostiary_requests_total{SCOPE}${RATE})))`, legend: '{{client}}' }],
  },
  {
    title: 'Requests by tier',
    description: 'SLA tiers of the contracts under which requests came.',
    audiences: ['owner', 'client'],
    row: 'Requests',
    type: 'timeseries',
    unit: 'reqps',
    queries: [{ expr: `sum by (tier) (rate(ostiary_requests_total{SCOPE}${RATE}))`, legend: '{{tier}}' }],
  },
  {
    title: 'Requests by method',
    description: 'Methods of HTTP.',
    audiences: ['owner'],
    row: 'Requests',
    type: 'timeseries',
    unit: 'reqps',
    queries: [{ expr: `sum by (method) (rate(ostiary_requests_total{SCOPE}${RATE}))`, legend: '{{method}}' }],
  },
  {
    title: 'Response time',
    description: 'From the first byte of a request to the end of its answer, as Envoy measures it.',
    audiences: ['platform', 'owner'],
    row: 'Time and size',
    type: 'timeseries',
    unit: 's',
    queries: ['0.5', '0.95', '0.99'].map((share) => ({
      expr: `histogram_quantile(${share}, sum by (le) (rate(ostiary_request_duration_seconds_bucket{SCOPE}${RATE})))`,
      legend: `p${Number(share) * 100}`,
    })),
  },
  {
    title: 'Bytes',
    description: 'Octets of requests and of answers, headers and bodies.',
    audiences: ['platform', 'owner'],
    row: 'Time and size',
    type: 'timeseries',
    unit: 'Bps',
    queries: ['request', 'response'].map((side) => ({
      expr: `sum(rate(ostiary_${side}_size_bytes_sum{SCOPE}${RATE}))`,
      legend: side,
    })),
  },
  {
    title: 'Denials by reason',
    description: 'docs/metrics.md explains each reason.',
    audiences: ['platform', 'owner'],
    row: 'Denials',
    type: 'timeseries',
    unit: 'reqps',
    queries: [
      {
        expr: `sum by (reason) (rate(ostiary_checks_total{SCOPE,outcome="deny"}${RATE}))`,
        legend: '{{reason}}',
      },
    ],
  },
  {
    title: 'Denials by policy',
    description: 'Which policy refuses; empty: no API matched.',
    audiences: ['platform', 'owner'],
    row: 'Denials',
    type: 'timeseries',
    unit: 'reqps',
    queries: [
      {
        expr: `sum by (policy) (rate(ostiary_checks_total{SCOPE,outcome="deny"}${RATE}))`,
        legend: '{{policy}}',
      },
    ],
  },
  {
    title: 'Denied by API',
    description: 'Requests of this client application that were refused.',
    audiences: ['client'],
    row: 'Denials',
    type: 'timeseries',
    unit: 'reqps',
    queries: [
      {
        expr: `sum by (api) (rate(ostiary_requests_total{SCOPE,outcome="blocked"}${RATE}))`,
        legend: '{{api}}',
      },
    ],
  },
  {
    title: 'Quota by tier',
    description: 'Units that quota policies admitted and refused.',
    audiences: ['platform', 'owner'],
    row: 'Denials',
    type: 'timeseries',
    unit: 'ops',
    queries: [
      {
        expr: `sum by (tier, result) (rate(ostiary_quota_units_total{SCOPE}${RATE}))`,
        legend: '{{tier}} {{result}}',
      },
    ],
  },
  {
    title: 'Quota used by contract',
    description: 'How much of each window of its tier a contract has used, the ten nearest to their limit.',
    audiences: ['platform', 'owner'],
    row: 'Denials',
    type: 'bargauge',
    unit: 'percentunit',
    queries: [
      {
        expr:
          'topk(10, max by (api, contract, policy, window) ' +
          '(ostiary_contract_used_units{SCOPE} / ostiary_contract_limit_units))',
        legend: '{{contract}} {{window}}',
      },
    ],
  },
];
