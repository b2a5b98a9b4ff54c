import { RATE } from './panel.ts';
import type { Panel } from './panel.ts';

/** Panels about ostiary itself, for those who run it. */
export const servicePanels: readonly Panel[] = [
  {
    title: 'Checks',
    description: 'Decisions a second, by what was decided.',
    audiences: ['platform'],
    row: 'ostiary',
    type: 'timeseries',
    unit: 'ops',
    queries: [{ expr: `sum by (outcome) (rate(ostiary_checks_total${RATE}))`, legend: '{{outcome}}' }],
  },
  {
    title: 'Time of a Check',
    description: 'From the bytes of a Check to the bytes of its answer.',
    audiences: ['platform'],
    row: 'ostiary',
    type: 'timeseries',
    unit: 's',
    queries: ['0.5', '0.99'].map((share) => ({
      expr: `histogram_quantile(${share}, sum by (le) (rate(ostiary_check_duration_seconds_bucket${RATE})))`,
      legend: `p${Number(share) * 100}`,
    })),
  },
  {
    title: 'Time of policies',
    description: 'The 99th percentile of the five slowest kinds of policies.',
    audiences: ['platform'],
    row: 'ostiary',
    type: 'timeseries',
    unit: 's',
    queries: [
      {
        expr: `topk(5, histogram_quantile(0.99, sum by (kind, le) (rate(ostiary_policy_duration_seconds_bucket${RATE}))))`,
        legend: '{{kind}}',
      },
    ],
  },
  {
    title: 'Time of the counter store',
    description: 'The 99th percentile, failures included.',
    audiences: ['platform'],
    row: 'ostiary',
    type: 'timeseries',
    unit: 's',
    queries: [
      {
        expr: `histogram_quantile(0.99, sum by (operation, le) (rate(ostiary_store_duration_seconds_bucket${RATE})))`,
        legend: '{{operation}}',
      },
    ],
  },
  {
    title: 'Streams of access logs',
    description: 'One for each worker thread of each Envoy: fewer mean that an Envoy does not report.',
    audiences: ['platform'],
    row: 'ostiary',
    type: 'timeseries',
    unit: 'short',
    queries: [{ expr: 'sum(ostiary_access_log_streams)', legend: 'streams' }],
  },
  {
    title: 'Completeness',
    description: 'Of the decisions of a minute, the share that Envoy has reported: below 100 %, counts are too low.',
    audiences: ['platform'],
    row: 'ostiary',
    type: 'timeseries',
    unit: 'percentunit',
    queries: [{ expr: 'min(ostiary_analytics_completeness_ratio)', legend: 'reported' }],
  },
  {
    title: 'Versions of documents in force',
    description: 'How many replicas enforce each version: more than one for long means that replicas disagree.',
    audiences: ['platform'],
    row: 'ostiary',
    type: 'timeseries',
    unit: 'short',
    queries: [{ expr: 'sum by (version) (ostiary_snapshot_info)', legend: '{{version}}' }],
  },
  {
    title: 'CPU',
    description: 'Cores in use, by replica.',
    audiences: ['platform'],
    row: 'ostiary',
    type: 'timeseries',
    unit: 'short',
    queries: [
      {
        expr: `sum by (instance) (rate(process_cpu_seconds_total${RATE}) and on (job, instance) ostiary_build_info)`,
        legend: '{{instance}}',
      },
    ],
  },
  {
    title: 'Memory',
    description: 'Resident memory, by replica.',
    audiences: ['platform'],
    row: 'ostiary',
    type: 'timeseries',
    unit: 'bytes',
    queries: [
      {
        expr: 'sum by (instance) (process_resident_memory_bytes and on (job, instance) ostiary_build_info)',
        legend: '{{instance}}',
      },
    ],
  },
];
