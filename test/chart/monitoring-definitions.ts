import type { ApplicableObject } from '../real/kubernetes.ts';

/**
 * The Prometheus operator's definitions, as far as the chart uses them: their own are in no package
 * that a test could install. They are strict, so that a misspelt field is refused.
 */
export const monitoringDefinitions: readonly ApplicableObject[] = [
  definition('PodMonitor', 'podmonitors', {
    selector: selector(),
    podMetricsEndpoints: list({ port: string(), path: string(), interval: string() }),
  }),
  definition('ServiceMonitor', 'servicemonitors', {
    selector: selector(),
    endpoints: list({ port: string(), path: string(), interval: string() }),
  }),
  definition('PrometheusRule', 'prometheusrules', {
    groups: list({
      name: string(),
      rules: list({ alert: string(), expr: string(), for: string(), labels: map(), annotations: map() }),
    }),
  }),
];

function definition(kind: string, plural: string, spec: object): ApplicableObject {
  const group = 'monitoring.coreos.com';
  const schema = { openAPIV3Schema: object({ spec: object(spec) }) };
  const body = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
  return body;
}

function object(properties: object): object {
  return { type: 'object', properties };
}

function list(properties: object): object {
  return { type: 'array', items: object(properties) };
}

function string(): object {
  return { type: 'string' };
}

function map(): object {
  return { type: 'object', additionalProperties: string() };
}

function selector(): object {
  return object({ matchLabels: map() });
}
