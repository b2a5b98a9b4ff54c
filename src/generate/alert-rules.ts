import { conditionText, durationText } from '../alerts/rule.ts';
import type { AlertRule } from '../alerts/rule.ts';
import { alertQuery } from './alert-queries.ts';

export interface PrometheusRules {
  /** The content of a rule file, or the `spec` of a PrometheusRule. */
  readonly groups: readonly object[];
  /** Alerts that Prometheus can't evaluate, and why. */
  readonly problems: readonly string[];
}

/** Converts alerts to rules of Prometheus. Each has the name of its document. */
export function prometheusRules(rules: readonly AlertRule[]): PrometheusRules {
  const problems: string[] = [];
  const made: object[] = [];
  for (const rule of rules) {
    const query = alertQuery(rule);
    if ('problem' in query) problems.push(query.problem);
    else made.push(ruleOf(rule, query.expr));
  }
  return { groups: made.length === 0 ? [] : [{ name: 'ostiary-alerts', rules: made }], problems };
}

function ruleOf(rule: AlertRule, expr: string): object {
  const { name, displayName, description, forMs, severity } = rule;
  return {
    alert: name,
    expr,
    ...(forMs > 0 && { for: durationText(forMs) }),
    labels: { severity },
    annotations: {
      summary: `${literal(displayName ?? `${name}: ${conditionText(rule)}`)}${rule.apis.length > 0 ? ' ({{ $labels.api }})' : ''}`,
      ...(description !== undefined && { description: literal(description) }),
    },
  };
}

/** Escapes templates, which Prometheus would evaluate in annotations. */
function literal(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}

/** A resource of the Prometheus operator. */
export function prometheusRuleResource(
  groups: readonly object[],
  metadata: { readonly name: string; readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
): object {
  const { name, namespace, labels } = metadata;
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name, namespace, ...(Object.keys(labels).length > 0 && { labels }) },
    spec: { groups },
  };
}
