import { UserError } from '../errors.ts';
import { bootstrap } from '../generate/bootstrap.ts';
import { envoyFilter } from '../generate/envoy-filter.ts';
import type { Placement } from '../generate/envoy-filter.ts';
import { explainedYaml } from '../generate/explained-yaml.ts';
import { defaultMetadataNamespaces } from '../generate/ext-authz.ts';
import type { Endpoint } from '../generate/ext-authz.ts';
import { extensionProvider } from '../generate/extension-provider.ts';
import { flexPolicyBinding } from '../generate/flex.ts';
import { securityPolicy } from '../generate/security-policy.ts';
import { parseListenAddress } from '../rpc/address.ts';
import { duration, list, oneOf, parseFlags, text, toggle } from './flags.ts';
import type { FlagValues } from './flags.ts';
import { helpText } from './help.ts';

const flags = {
  name: text('ostiary', 'NAME', 'name of the resource'),
  namespace: text('default', 'NAMESPACE', 'namespace of the resource'),
  endpoint: text(
    'ostiary.ostiary.svc.cluster.local:9191',
    'ADDRESS',
    'where Envoy reaches ostiary: host:port or unix:/path',
  ),
  timeout: duration(250, 'how long Envoy waits for one Check'),
  placement: oneOf('sidecar', ['sidecar', 'gateway', 'waypoint'], 'envoyfilter: which proxies ask'),
  label: list(
    [],
    'NAME=VALUE',
    'envoyfilter, extension-provider: the pods that ask; repeatable, none: all of the namespace',
  ),
  gateway: text('waypoint', 'NAME', 'envoyfilter: the Gateway resource of the waypoint'),
  api: list([], 'API[@ROUTE]', 'the API of a route, or of every request; repeatable for envoyfilter'),
  rawHeaders: toggle('envoyfilter, bootstrap: repeated headers and bytes that are not UTF-8 arrive as sent'),
  metadataNamespace: list(
    defaultMetadataNamespaces,
    'NAME',
    'envoyfilter, bootstrap: filters whose metadata is sent along',
  ),
  target: text('Gateway/gateway', 'KIND/NAME', 'security-policy: a Gateway, HTTPRoute or GRPCRoute'),
  serviceNamespace: text('ostiary', 'NAMESPACE', 'security-policy: where the Service of ostiary is'),
  listen: text('0.0.0.0:8080', 'ADDRESS', 'bootstrap: where Envoy listens'),
  upstream: text('127.0.0.1:8081', 'ADDRESS', 'bootstrap: what Envoy protects'),
  apiInstance: text('api', 'NAME', 'flex: the ApiInstance that is protected'),
};
type Values = FlagValues<typeof flags>;

const targets: Readonly<Record<string, (values: Values) => readonly object[]>> = {
  envoyfilter: (values) => [
    envoyFilter({
      name: values.name,
      namespace: values.namespace,
      ostiary: endpointOf(values.endpoint),
      placement: placementOf(values),
      apis: values.api.map(routeOf),
      timeoutMs: values.timeout,
      rawHeaders: values.rawHeaders,
      metadataNamespaces: values.metadataNamespace,
    }),
  ],
  'extension-provider': (values) => {
    const { host, port } = tcpOf(values.endpoint, '--endpoint');
    const { name, namespace, timeout } = values;
    return extensionProvider({
      name,
      namespace,
      service: host,
      port,
      timeoutMs: timeout,
      labels: labelsOf(values.label),
    });
  },
  'security-policy': (values) => {
    const { host, port } = tcpOf(values.endpoint, '--endpoint');
    const [kind, name] = values.target.split('/');
    if ((kind !== 'Gateway' && kind !== 'HTTPRoute' && kind !== 'GRPCRoute') || !name) {
      throw new UserError(
        `--target is ${JSON.stringify(values.target)}: expected Gateway/NAME, HTTPRoute/NAME or GRPCRoute/NAME`,
        2,
      );
    }
    return securityPolicy({
      name: values.name,
      namespace: values.namespace,
      target: { kind, name },
      service: { name: host.split('.')[0] ?? host, namespace: values.serviceNamespace, port },
      timeoutMs: values.timeout,
      api: onlyApi(values.api),
    });
  },
  bootstrap: (values) => {
    const listener = {
      name: 'http',
      ...tcpOf(values.listen, '--listen'),
      normalizePath: true,
      api: onlyApi(values.api),
      rawHeaders: values.rawHeaders,
      metadataNamespaces: values.metadataNamespace,
    };
    const upstream = tcpOf(values.upstream, '--upstream');
    return [
      bootstrap({ ostiary: endpointOf(values.endpoint), timeoutMs: values.timeout, listeners: [listener], upstream }),
    ];
  },
  flex: (values) => {
    const { host, port } = tcpOf(values.endpoint, '--endpoint');
    return [
      flexPolicyBinding({ name: values.name, apiInstance: values.apiInstance, host, port, timeoutMs: values.timeout }),
    ];
  },
};

export async function run(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals, help } = parseFlags(flags, argv, environment);
  const names = Object.keys(targets).join('|');
  if (help) {
    const summary = 'Prints what makes Envoy ask ostiary, with the reason of each setting.';
    process.stdout.write(helpText(`ostiary generate ${names} [FLAGS]`, summary, flags));
    return 0;
  }
  const [target = ''] = positionals;
  if (positionals.length !== 1 || !Object.hasOwn(targets, target)) {
    throw new UserError(`generate what? expected one of ${names.replaceAll('|', ', ')}`, 2);
  }
  const documents = targets[target]?.(values) ?? [];
  process.stdout.write(explainedYaml(documents, `Made by: ostiary generate ${argv.join(' ')}`));
  return 0;
}

function endpointOf(address: string): Endpoint {
  const parsed = parseListenAddress(address, '--endpoint');
  return parsed.kind === 'unix'
    ? { kind: 'unix', path: parsed.path }
    : { kind: 'tcp', host: parsed.host, port: parsed.port };
}

function tcpOf(address: string, flag: string): { readonly host: string; readonly port: number } {
  const parsed = parseListenAddress(address, flag);
  if (parsed.kind === 'tcp') return { host: parsed.host || '0.0.0.0', port: parsed.port };
  throw new UserError(`${flag} is ${JSON.stringify(address)}: expected host:port here`, 2);
}

function placementOf({ placement, label, gateway }: Values): Placement {
  return placement === 'waypoint' ? { kind: placement, gateway } : { kind: placement, labels: labelsOf(label) };
}

function labelsOf(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const at = entry.indexOf('=');
      if (at < 1) throw new UserError(`--label is ${JSON.stringify(entry)}: expected NAME=VALUE`, 2);
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

function routeOf(entry: string): { readonly api: string; readonly route: string | undefined } {
  const at = entry.indexOf('@');
  return at < 0 ? { api: entry, route: undefined } : { api: entry.slice(0, at), route: entry.slice(at + 1) };
}

function onlyApi(apis: readonly string[]): string | undefined {
  if (apis.length > 1 || apis[0]?.includes('@')) throw new UserError('here --api is given once, without a route', 2);
  return apis[0];
}
