import type { FlexDocument } from './flex-files.ts';

/** For each setting of a `Configuration`: where the operator sets it, since no document of ours does. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['sharedStorage', 'give this file to ostiary serve --redis-config'],
  [
    'logging',
    "ostiary logs to standard error (--log-level), and Envoy's access log is Envoy's (docs/policies/elsewhere.md#message-logging)",
  ],
  ['tracing', "tracing is of Envoy's connection manager"],
  ['timeouts', "timeouts are of Envoy's routes and clusters (docs/policies/elsewhere.md#timeouts-and-retries)"],
  ['proxy', 'ostiary reads the variables HTTPS_PROXY and NO_PROXY (docs/operations.md)'],
  ['tls', "TLS of listeners and clusters is Envoy's"],
  ['proxyProtocol', "the PROXY protocol is read by a listener filter of Envoy's"],
  ['probe', 'probes are those of ostiary serve (docs/operations.md)'],
  ['platformConnection', 'ostiary has no control plane'],
]);

const VERSIONS = /^(?:gateway|config)\.mulesoft\.com\/v1(?:alpha1|beta1)$/;

export function importConfiguration({ value, remarks }: FlexDocument): void {
  const { apiVersion } = value;
  if (typeof apiVersion !== 'string' || !VERSIONS.test(apiVersion)) {
    remarks.at('apiVersion').refuse('expected "gateway.mulesoft.com/v1alpha1": keep other documents in another folder');
    return;
  }
  const spec = remarks.fields(value, 'spec') ?? {};
  const ofSpec = remarks.at('spec');
  for (const name of Object.keys(spec)) {
    const instead = INSTEAD.get(name) ?? 'ostiary has no such setting: Envoy or its operator has it';
    ofSpec.at(name).note(`is not imported: ${instead}`);
  }
}
