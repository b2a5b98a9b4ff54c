import { LOGGED } from './access-logger.ts';
import { fieldOf, messagesBelow, numberOf, partOf, partsOf, textOf } from './envoy-value.ts';
import type { Part } from './envoy-value.ts';
import { headerRemarks } from './logger-remarks.ts';
import type { Inspected, Remark } from './logger-remarks.ts';

// Envoy Gateway (gateway.envoyproxy.io/v1alpha1): a SecurityPolicy asks, and an EnvoyProxy says what its proxies log.

const API_GROUP = 'gateway.envoyproxy.io/';
const ADD = 'ostiary generate security-policy --access-log prints it';

/** A sink of type ALS, with the setting that it is in. */
interface Sink {
  readonly setting: Part;
  /** `als`. */
  readonly als: Part;
  /** The namespace of the EnvoyProxy. */
  readonly namespace: string;
}

export function isOfEnvoyGateway(part: Part): boolean {
  return textOf(part, 'apiVersion').startsWith(API_GROUP) && partOf(part, 'spec') !== undefined;
}

/** @param roots all documents of the same file: a policy and its proxy may be in different ones */
export function inspectEnvoyGateway(part: Part, roots: readonly Part[]): Inspected {
  const kind = textOf(part, 'kind');
  if (kind === 'SecurityPolicy') return inspectPolicy(part, roots);
  if (kind === 'EnvoyProxy') return { asking: 0, logging: 0, remarks: [...proxyRemarks(part, askedIn(roots))] };
  return { asking: 0, logging: 0, remarks: [] };
}

function inspectPolicy(policy: Part, roots: readonly Part[]): Inspected {
  const spec = partOf(policy, 'spec');
  const asks = spec && partOf(spec, 'extAuth');
  if (asks === undefined) return { asking: 0, logging: 0, remarks: [] };
  const remarks: Remark[] = [];
  const open = fieldOf(asks, 'failOpen');
  if (open.value === true)
    remarks.push({ path: open.path, message: 'lets every request pass while ostiary does not answer: set false' });
  const http = partOf(asks, 'http');
  if (http !== undefined) {
    const message = 'asks over HTTP: such answers carry no id, so how requests end can not be told. Use grpc';
    remarks.push({ path: http.path, message });
  }
  const grpc = partOf(asks, 'grpc');
  const [backend] = grpc === undefined ? [] : backendsOf(grpc);
  if (grpc === undefined || backend === undefined) return { asking: 0, logging: 0, remarks };
  const address = addressOf(backend, namespaceOf(policy));
  const proxies = resourcesIn(roots, 'EnvoyProxy');
  const sinks = proxies.flatMap(sinksOf).filter((sink) => comesTo(sink, new Set([address])));
  if (sinks.some(isComplete)) return { asking: 1, logging: 1, remarks };
  // What is wrong with a sink is said where it stands.
  if (sinks.length > 0) return { asking: 1, logging: 0, remarks };
  const [proxy] = proxies;
  const where = proxy === undefined ? 'and no EnvoyProxy of this file' : `and no sink of type ALS in ${nameOf(proxy)}`;
  const message = `asks ${address}, ${where} streams the access log there, so how requests end is not counted: ${ADD}`;
  return { asking: 1, logging: 0, remarks: [...remarks, { path: backend.path, message }] };
}

/** What an EnvoyProxy whose log comes to ostiary would lose or leave out. */
function* proxyRemarks(proxy: Part, asked: ReadonlySet<string>): Generator<Remark> {
  const accessLog = accessLogOf(proxy);
  const disable = accessLog && fieldOf(accessLog, 'disable');
  if (disable?.value === true) {
    yield { path: disable.path, message: 'these proxies log nothing, so how requests end is not counted: set false' };
    return;
  }
  for (const { setting, als } of sinksOf(proxy).filter((sink) => comesTo(sink, asked))) {
    const type = fieldOf(als, 'type');
    if (type.value !== 'HTTP') {
      const message = `is ${JSON.stringify(type.value ?? '')}: requests need HTTP`;
      yield { path: type.path, message };
      continue;
    }
    yield* settingRemarks(setting);
    const http = partOf(als, 'http') ?? { value: {}, path: fieldOf(als, 'http').path };
    yield* headerRemarks(http, 'requestHeaders', LOGGED.requestHeaders);
    yield* headerRemarks(http, 'responseHeaders', LOGGED.responseHeaders);
    yield* headerRemarks(http, 'responseTrailers', LOGGED.responseTrailers);
  }
}

function* settingRemarks(setting: Part): Generator<Remark> {
  const { value: component, path } = fieldOf(setting, 'type');
  if (component === 'Listener') {
    yield { path, message: 'logs connections of listeners, and no requests: take it away, or set Route' };
  } else if (component === 'Upstream') {
    yield { path, message: "logs the upstream's side, whose entries do not count: take it away, or set Route" };
  }
  const matches = fieldOf(setting, 'matches');
  if (Array.isArray(matches.value) && matches.value.length > 0) {
    const message = 'requests that it leaves out are told as unreported: take it away, ostiary needs an entry of each';
    yield { path: matches.path, message };
  }
}

function resourcesIn(roots: readonly Part[], kind: string): readonly Part[] {
  const all = roots.flatMap((root) => [...messagesBelow(root)]);
  return all.filter((part) => textOf(part, 'kind') === kind && isOfEnvoyGateway(part));
}

/** Whom the policies ask. */
function askedIn(roots: readonly Part[]): ReadonlySet<string> {
  const addresses = resourcesIn(roots, 'SecurityPolicy').flatMap((policy) => {
    const spec = partOf(policy, 'spec');
    const asks = spec && partOf(spec, 'extAuth');
    const grpc = asks && partOf(asks, 'grpc');
    return grpc === undefined ? [] : backendsOf(grpc).map((each) => addressOf(each, namespaceOf(policy)));
  });
  return new Set(addresses);
}

function accessLogOf(proxy: Part): Part | undefined {
  const spec = partOf(proxy, 'spec');
  const telemetry = spec && partOf(spec, 'telemetry');
  return telemetry && partOf(telemetry, 'accessLog');
}

function sinksOf(proxy: Part): readonly Sink[] {
  const accessLog = accessLogOf(proxy);
  if (accessLog === undefined) return [];
  const namespace = namespaceOf(proxy);
  return partsOf(accessLog, 'settings').flatMap((setting) =>
    partsOf(setting, 'sinks').flatMap((sink) => {
      const als = textOf(sink, 'type') === 'ALS' ? partOf(sink, 'als') : undefined;
      return als === undefined ? [] : [{ setting, als, namespace }];
    }),
  );
}

/** Other access log services may be beside it. */
function comesTo({ als, namespace }: Sink, asked: ReadonlySet<string>): boolean {
  return textOf(als, 'logName') === 'ostiary' || backendsOf(als).some((each) => asked.has(addressOf(each, namespace)));
}

/** Whether an entry of each request comes. */
function isComplete({ setting, als }: Sink): boolean {
  const component = textOf(setting, 'type');
  return textOf(als, 'type') === 'HTTP' && component !== 'Listener' && component !== 'Upstream';
}

/** `backendRefs`, or the `backendRef` of older releases. */
function backendsOf(part: Part): readonly Part[] {
  const single = partOf(part, 'backendRef');
  return single === undefined ? partsOf(part, 'backendRefs') : [single];
}

/** Such as `ostiary.shop:9191`. */
function addressOf(backend: Part, namespace: string): string {
  return `${textOf(backend, 'name')}.${textOf(backend, 'namespace') || namespace}:${numberOf(backend, 'port') ?? ''}`;
}

function namespaceOf(part: Part): string {
  return textOf(partOf(part, 'metadata'), 'namespace') || 'default';
}

function nameOf(part: Part): string {
  return `EnvoyProxy ${textOf(partOf(part, 'metadata'), 'name')}`;
}
