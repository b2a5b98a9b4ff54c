import type { Decision, Step } from '../decision/decision.ts';
import { createCheckFamilies } from './check-families.ts';
import type { CounterSeries } from './counter-family.ts';
import type { DurationSeries } from './duration-family.ts';
import type { Registry } from './prometheus.ts';
import { OTHER } from './series.ts';

/** Why a Check ended as a gRPC error, without a decision. */
export type CheckError = 'malformed' | 'deadline_exceeded';

/** Runs on every Check: it only changes numbers of known series, and allocates nothing that exists already. */
export interface CheckMetrics {
  decided(decision: Decision, durationMs: number): void;
  failed(error: CheckError): void;
}

/** At most this many client ids become label values; later ones share `_other`. */
const MAX_CLIENTS = 1000;

interface OutcomeSeries {
  readonly allowed: CounterSeries;
  readonly denied: CounterSeries;
}

interface ApiSeries {
  readonly allowed: CounterSeries;
  /** By reason, then by policy. */
  readonly denied: Map<string, Map<string, CounterSeries>>;
  readonly clients: Map<string, OutcomeSeries>;
  /** By policy, then by tier. */
  readonly quota: Map<string, Map<string, { admitted: CounterSeries; refused: CounterSeries }>>;
}

interface PolicySeries {
  readonly kind: string;
  readonly mode: Step['mode'];
  readonly durations: DurationSeries;
  readonly allowed: CounterSeries;
  readonly failed: CounterSeries;
  /** By reason. */
  readonly denied: Map<string, CounterSeries>;
}

export function createCheckMetrics(registry: Registry, maxClients = MAX_CLIENTS): CheckMetrics {
  const families = createCheckFamilies(registry);
  const allowDurations = families.durations.series('allow');
  const denyDurations = families.durations.series('deny');
  const apis = new Map<string, ApiSeries>();
  const policies = new Map<string, PolicySeries>();
  const clientIds = new Set<string>();

  function openApi(name: string): ApiSeries {
    const allowed = families.checks.series(name, 'allow', '', '');
    const api: ApiSeries = { allowed, denied: new Map(), clients: new Map(), quota: new Map() };
    apis.set(name, api);
    return api;
  }

  function clientSeries(api: ApiSeries, name: string, clientId: string): OutcomeSeries {
    const known = api.clients.get(clientId);
    if (known !== undefined) return known;
    if (clientId !== OTHER && !clientIds.has(clientId) && clientIds.size >= maxClients) {
      return clientSeries(api, name, OTHER);
    }
    clientIds.add(clientId);
    const allowed = families.clients.series(name, clientId, 'allow');
    const denied = families.clients.series(name, clientId, 'deny');
    const made: OutcomeSeries = { allowed, denied };
    api.clients.set(clientId, made);
    return made;
  }

  function openPolicy(step: Step): PolicySeries {
    const { name, policy: kind, mode } = step;
    const series: PolicySeries = {
      kind,
      mode,
      durations: families.policyDurations.series(name, kind),
      allowed: families.policies.series(name, kind, mode, 'allow', ''),
      failed: families.policies.series(name, kind, mode, 'failed', ''),
      denied: new Map(),
    };
    policies.set(name, series);
    return series;
  }

  function countStep(step: Step): void {
    if (step.result === 'not_applicable' || step.result === 'not_reached') return;
    let series = policies.get(step.name);
    // A reload may have given the name to another kind or mode.
    if (series === undefined || series.kind !== step.policy || series.mode !== step.mode) series = openPolicy(step);
    series.durations.observeMs(step.durationMs);
    if (step.remark !== undefined) families.remarks.series(step.name, step.policy).value += 1;
    if (step.result === 'allow') series.allowed.value += 1;
    else if (step.result === 'answer')
      families.policies.series(step.name, step.policy, step.mode, 'answer', '').value += 1;
    else if (step.result === 'failed') series.failed.value += 1;
    else {
      const reason = step.denial?.reason ?? '';
      let denied = series.denied.get(reason);
      if (denied === undefined) {
        denied = families.policies.series(step.name, step.policy, step.mode, 'deny', reason);
        series.denied.set(reason, denied);
      }
      denied.value += 1;
    }
  }

  function countQuota(api: ApiSeries, decision: Decision, step: Step): void {
    if (step.cost === undefined || step.mode === 'shadow') return;
    const isAdmitted = step.result === 'allow' && decision.denial === undefined;
    // A policy with quota left charges nothing if another one refuses the request.
    if (!isAdmitted && step.denial?.reason !== 'quota_spent') return;
    const tier = decision.identity.contract?.tier?.name ?? '';
    const tiers = nested(api.quota, step.name);
    let units = tiers.get(tier);
    if (units === undefined) {
      units = {
        admitted: families.quota.series(decision.api, step.name, tier, 'admitted'),
        refused: families.quota.series(decision.api, step.name, tier, 'refused'),
      };
      tiers.set(tier, units);
    }
    if (isAdmitted) units.admitted.value += step.cost;
    else units.refused.value += step.cost;
  }

  return {
    decided(decision, durationMs) {
      const api = apis.get(decision.api) ?? openApi(decision.api);
      const { denial, answer, policy, identity } = decision;
      if (answer !== undefined) {
        // Few, such as preflights: nothing is kept for them.
        families.checks.series(decision.api, 'answer', policy, '').value += 1;
        families.durations.series('answer').observeMs(durationMs);
      } else if (denial === undefined) {
        api.allowed.value += 1;
        allowDurations.observeMs(durationMs);
      } else {
        const byPolicy = nested(api.denied, denial.reason);
        let denied = byPolicy.get(policy);
        if (denied === undefined) {
          denied = families.checks.series(decision.api, 'deny', policy, denial.reason);
          byPolicy.set(policy, denied);
        }
        denied.value += 1;
        denyDurations.observeMs(durationMs);
      }
      if (identity.contract !== undefined && answer === undefined) {
        const client = clientSeries(api, decision.api, identity.contract.client.clientId);
        if (denial === undefined) client.allowed.value += 1;
        else client.denied.value += 1;
      }
      for (const step of decision.steps) {
        countStep(step);
        countQuota(api, decision, step);
      }
    },

    failed(error) {
      families.errors.series(error).value += 1;
    },
  };
}

/** Adds a missing entry to `map`: both keys come from documents, never from callers. */
function nested<Value>(map: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  let inner = map.get(key);
  if (inner === undefined) {
    inner = new Map();
    map.set(key, inner);
  }
  return inner;
}
