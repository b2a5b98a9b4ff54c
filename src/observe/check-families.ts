import { CounterFamily } from './counter-family.ts';
import { DurationFamily } from './duration-family.ts';
import type { Registry } from './prometheus.ts';

/** Up to Envoy's default time-out of 200 ms and a little beyond. */
const CHECK_BOUNDS_MS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 200, 500, 1000];
const POLICY_BOUNDS_MS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 50, 100, 200, 1000];
/** The metrics of every Check. */
export function createCheckFamilies(registry: Registry) {
  return {
    checks: new CounterFamily({
      registry,
      name: 'ostiary_checks_total',
      help: 'Checks decided, by API, outcome (allow, deny, answer), and the policy and reason of a denial.',
      labels: ['api', 'outcome', 'policy', 'reason'],
    }),
    durations: new DurationFamily({
      registry,
      name: 'ostiary_check_duration_seconds',
      help: 'Time from the bytes of a Check to the bytes of its answer, by outcome.',
      labels: ['outcome'],
      boundsMs: CHECK_BOUNDS_MS,
    }),
    errors: new CounterFamily({
      registry,
      name: 'ostiary_check_errors_total',
      help: 'Checks that ended as a gRPC error without a decision: Envoy follows its own failure mode.',
      labels: ['error'],
    }),
    clients: new CounterFamily({
      registry,
      name: 'ostiary_client_checks_total',
      help: 'Checks of clients with a contract, by API, client id and outcome.',
      labels: ['api', 'client_id', 'outcome'],
    }),
    policies: new CounterFamily({
      registry,
      name: 'ostiary_policy_decisions_total',
      help: 'What each policy decided (allow, deny, failed), shadow policies included.',
      labels: ['policy', 'kind', 'mode', 'result', 'reason'],
    }),
    remarks: new CounterFamily({
      registry,
      name: 'ostiary_policy_remarks_total',
      help: 'Requests that a policy let pass though something was amiss, such as a path in claims that leads nowhere.',
      labels: ['policy', 'kind'],
    }),
    policyDurations: new DurationFamily({
      registry,
      name: 'ostiary_policy_duration_seconds',
      help: 'Time each policy took to decide.',
      labels: ['policy', 'kind'],
      boundsMs: POLICY_BOUNDS_MS,
      maxSeries: 500,
    }),
    quota: new CounterFamily({
      registry,
      name: 'ostiary_quota_units_total',
      help: 'Units of quota that enforced policies admitted or refused, by API, policy and tier.',
      labels: ['api', 'policy', 'tier', 'result'],
    }),
  };
}
