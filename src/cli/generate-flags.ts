import { UserError } from '../errors.ts';
import { duration, integer, list, oneOf, text, toggle, type FlagValues } from '../flags.ts';
import type { ApiOfRoute, Placement } from '../generate/envoy-filter.ts';
import { defaultMetadataNamespaces, type Endpoint } from '../generate/ext-authz.ts';

/** The flags of `ostiary generate`; each target reads those that concern it. */
export const generateFlags = {
  name: text('ostiary', 'NAME', 'name of what is generated'),
  namespace: text('default', 'NAMESPACE', 'namespace of the workloads, gateway or waypoint that ask'),
  ostiary: text(
    'ostiary-headless.ostiary.svc.cluster.local:9191',
    'ADDRESS',
    'where Envoy reaches ostiary: host:port or unix:/path',
  ),
  timeout: duration(250, 'how long Envoy waits for one Check'),
  rawHeaders: toggle('send headers as they came, repeated ones apart (envoyfilter, bootstrap)'),
  metadataNamespaces: list(
    defaultMetadataNamespaces,
    'NAMESPACE',
    'filters whose metadata is sent along; repeatable (envoyfilter, bootstrap)',
  ),
  placement: oneOf('sidecar', ['sidecar', 'gateway', 'waypoint'], 'which proxies ask (envoyfilter)'),
  selector: list(
    [],
    'LABEL=VALUE',
    'only proxies of pods with these labels; repeatable (envoyfilter, extension-provider)',
  ),
  target: text(
    'gateway',
    'NAME',
    'the Gateway of a waypoint, the Gateway or route of a SecurityPolicy, the ApiInstance of Flex',
  ),
  targetKind: oneOf('Gateway', ['Gateway', 'HTTPRoute', 'GRPCRoute'], 'what --target is (security-policy)'),
  api: text(
    '',
    'API',
    'the API of every request: ostiary then looks at neither host nor path (all but extension-provider and flex)',
  ),
  routeApi: list([], 'ROUTE=API', 'the API of one route, or of one sidecar port; repeatable (envoyfilter)'),
  image: text('ostiary:0.1.0', 'IMAGE', 'image of the sidecar (injection-template)'),
  policies: text(
    'ostiary-policies',
    'CONFIGMAP',
    "documents of the sidecar, in the pod's namespace (injection-template)",
  ),
  redis: text('', 'URL', 'counter store of the sidecar (injection-template)'),
  listenPort: integer(10_000, 1, 65_535, 'port that Envoy listens on (bootstrap)'),
  upstream: text('127.0.0.1:8080', 'HOST:PORT', 'what Envoy protects (bootstrap)'),
};

export type GenerateFlags = FlagValues<typeof generateFlags>;

/** @throws UserError */
export function endpointOf(address: string, flag: string): Endpoint {
  if (address.startsWith('unix:/')) return { kind: 'unix', path: address.slice('unix:'.length) };
  const { host, port } = hostAndPort(address, flag);
  return { kind: 'tcp', host, port };
}

/** @throws UserError */
export function hostAndPort(address: string, flag: string): { host: string; port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([\d:a-fA-F]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host !== undefined && port > 0 && port < 65_536) return { host, port };
  throw new UserError(`${flag} is ${JSON.stringify(address)}: expected host:port`, 2);
}

/** `a=b` as a pair. @throws UserError */
export function pairOf(written: string, flag: string): [string, string] {
  const at = written.indexOf('=');
  if (at > 0 && at < written.length - 1) return [written.slice(0, at), written.slice(at + 1)];
  throw new UserError(`${flag} is ${JSON.stringify(written)}: expected NAME=VALUE`, 2);
}

export function labelsOf(flags: GenerateFlags): Readonly<Record<string, string>> {
  return Object.fromEntries(flags.selector.map((each) => pairOf(each, '--selector')));
}

export function placementOf(flags: GenerateFlags): Placement {
  if (flags.placement !== 'waypoint') return { kind: flags.placement, labels: labelsOf(flags) };
  if (flags.selector.length > 0) throw new UserError('a waypoint is named by --target: it heeds no --selector', 2);
  return { kind: 'waypoint', gateway: flags.target };
}

export function apisOf(flags: GenerateFlags): readonly ApiOfRoute[] {
  const routes = flags.routeApi.map((each) => {
    const [route, api] = pairOf(each, '--route-api');
    return { route, api };
  });
  return flags.api === '' ? routes : [{ route: undefined, api: flags.api }, ...routes];
}
