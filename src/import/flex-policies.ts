import { didYouMean } from '../nearest.ts';
import { flexOptions } from './flex-options.ts';
import type { Remarks, Fields } from './remarks.ts';

/** The result of importing a policy of Flex/Omni Gateway. */
export interface ImportedPolicy {
  readonly policyRef: { readonly name: string };
  readonly config: Fields;
}

/** Policies that keep no request out, and that Envoy does itself: which part of Envoy does it. */
const LEFT_TO_ENVOY: ReadonlyMap<string, string> = new Map([
  ['route', "Envoy's routes"],
  ['route-weighted', "Envoy's routes with weighted clusters"],
  ['message-logging', "Envoy's access log (docs/policies/elsewhere.md#message-logging)"],
  ['access-log', "Envoy's access log (docs/policies/elsewhere.md#message-logging)"],
  ['http-caching', "Envoy's cache filter (docs/policies/elsewhere.md#caching)"],
  ['tracing', "tracing of Envoy's connection manager"],
  ['health-check', 'health checks of the cluster (docs/policies/elsewhere.md#circuit-breakers-and-health-checks)'],
  ['circuit-breaker', 'the cluster (docs/policies/elsewhere.md#circuit-breakers-and-health-checks)'],
  ['response-timeout', 'timeout of the route (docs/policies/elsewhere.md#timeouts-and-retries)'],
  ['stream-idle-timeout', 'idle_timeout of the route (docs/policies/elsewhere.md#timeouts-and-retries)'],
  ['idle-timeout', 'the cluster (docs/policies/elsewhere.md#timeouts-and-retries)'],
  ['upstream-idle-timeout', 'the cluster (docs/policies/elsewhere.md#timeouts-and-retries)'],
  ['retry', 'retry_policy of the route (docs/policies/elsewhere.md#timeouts-and-retries)'],
  ['tls-outbound', "transport_socket of Envoy's cluster"],
]);

const INJECTION =
  'is not imported, since the upstream must not get credentials that callers could choose: use header-injection with a value from $NAME (docs/policies/header-injection.md), ' +
  "or Envoy's filter credential_injector";

/** Policies without a counterpart that may keep requests out, or change them: what to do instead. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  [
    'xml-threat-protection',
    'has no counterpart: ostiary reads no XML; check it in the service, or with a firewall module before it',
  ],
  ['spec-validation', 'has no counterpart: ostiary holds no request against a specification: validate in the service'],
  ['native-ext-authz', "is Envoy's filter ext_authz itself: configure it beside the one that asks ostiary"],
  ['native-ext-proc', "is Envoy's filter ext_proc: configure it behind the one that asks ostiary"],
  ['native-aws-lambda', "is Envoy's filter aws_lambda: configure it there"],
  ['tls', "is the transport of Envoy's listener: configure certificates there; then workload-identity tells who calls"],
  ['credential-injection-basic-auth', INJECTION],
  ['credential-injection-oauth2', INJECTION],
  ['credential-injection-api-key', INJECTION],
  ['body-transformation', 'is a filter of Envoy (docs/policies/elsewhere.md#transformations)'],
  ['header-transformation', 'is header-injection and header-removal here, or a filter of Envoy'],
  ['script-evaluation', 'is authorization with a condition in CEL here (docs/policies/authorization.md)'],
]);

/** The name in Flex/Omni Gateway, without `-flex`. */
function bareName(name: string): string {
  return name.replace(/-flex$/, '');
}

/** Whether a policy concerns Envoy alone. */
export function isLeftToEnvoy(name: string): boolean {
  return LEFT_TO_ENVOY.has(bareName(name));
}

/**
 * Imports the policy that `fields` names.
 * @param remarks for the place of `fields`
 * @returns undefined if there is nothing to write; a remark says why
 */
export function importPolicy(fields: Fields, remarks: Remarks): ImportedPolicy | undefined {
  const reference = remarks.fields(fields, 'policyRef');
  if (reference === undefined) {
    if (fields['policyRef'] === undefined) remarks.at('policyRef').refuse('is missing: expected a mapping');
    return undefined;
  }
  const ofReference = remarks.at('policyRef');
  ofReference.refuseOthers(reference, ['name', 'namespace', 'kind']);
  const name = ofReference.text(reference, 'name');
  if (name === undefined) {
    if (reference['name'] === undefined) ofReference.at('name').refuse('is missing: expected text');
    return undefined;
  }
  const bare = bareName(name);
  const ofName = ofReference.at('name');
  const envoy = LEFT_TO_ENVOY.get(bare);
  if (envoy !== undefined) {
    ofName.note(`${name} is not imported: use ${envoy}`);
    return undefined;
  }
  const instead = REFUSED.get(bare);
  if (instead !== undefined) {
    ofName.refuse(`${name} ${instead}. Remove it here once that is done`);
    return undefined;
  }
  const options = flexOptions.get(bare);
  if (options === undefined) {
    const known = [...flexOptions.keys(), ...LEFT_TO_ENVOY.keys(), ...REFUSED.keys()].map((each) => `${each}-flex`);
    ofName.refuse(
      `${JSON.stringify(name)} is not a policy that comes with Flex/Omni Gateway${didYouMean(name, known)}: a custom one has no counterpart here; ` +
        'do its work by authorization with CEL (docs/policies/authorization.md) or a filter of Envoy, and remove it here',
    );
    return undefined;
  }
  const config = remarks.fields(fields, 'config') ?? {};
  const ofConfig = remarks.at('config');
  ofConfig.refuseOthers(config, options.known);
  return { policyRef: { name: options.kind }, config: withoutNull(options.map(config, ofConfig)) };
}

/** Removes options that are null: YAML reads `name:` without a value as null, and Flex treats it as absent. */
function withoutNull(config: Fields): Fields {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined && value !== null));
}
