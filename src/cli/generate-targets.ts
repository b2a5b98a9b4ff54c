import { stringify } from 'yaml';
import { UserError } from '../errors.ts';
import { bootstrap } from '../generate/bootstrap.ts';
import { envoyFilter } from '../generate/envoy-filter.ts';
import { flexPolicyBinding } from '../generate/flex.ts';
import { securityPolicy } from '../generate/security-policy.ts';
import { tcpGuard } from '../generate/tcp-guard.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { injectionDocuments } from './generate-injection.ts';
import { meshConfigOf, providerDocuments, SERVICE_ADDRESS } from './generate-provider.ts';
import {
  apisOf,
  endpointOf,
  endpointsOf,
  hostAndPort,
  nameOf,
  portOf,
  targetOf,
  tlsOf,
  whoseOf,
} from './generate-options.ts';

export interface GenerateTarget {
  /** What the YAML is and what is done with it. @throws UserError */
  heading(flags: GenerateFlags): string;
  /** The flags that it uses; others are refused. */
  readonly flags: readonly (keyof GenerateFlags)[];
  /** @throws UserError */
  documents(flags: GenerateFlags): readonly object[];
}

/** One address a replica: Envoy balances itself. */
const HEADLESS_ADDRESS = 'ostiary-headless.ostiary.svc.cluster.local:9191';
const WHO = ['name', 'namespace'] as const;
const ASKING = ['ostiary', 'timeout'] as const;
const WITH_TLS = ['tlsCa', 'tlsName', 'envoyCert', 'envoyKey'] as const;
/** For an extension provider: whether it streams the access log, and the kind of its proxies. */
const LOGGING = ['accessLog', 'logProvider', 'placement'] as const;
const OF_FILTER = ['rawHeaders', 'requestBody', 'accessLog'] as const;

/** With `--routes-only` another filter asks ostiary, so these would have no effect. */
export const FLAGS_OF_ASKING: readonly (keyof GenerateFlags)[] = [
  ...ASKING,
  ...WITH_TLS,
  ...OF_FILTER,
  'openTcpPort',
  'meshIdentity',
];

const TCP_HEADING =
  '\nThe AuthorizationPolicy refuses what comes to these pods as plain TCP, where no HTTP filter runs: HTTP/1.0, or bytes\n' +
  'that Istio does not take for HTTP. Ports of the pods that speak TCP on purpose: --open-tcp-port.';

const PROXY_HEADING =
  '\nThe EnvoyProxy has effect where a Gateway names it (spec.infrastructure.parametersRef), or its GatewayClass does\n' +
  '(spec.parametersRef). Where there is one already, add the setting of its access log to that one.';

const LOG_HEADING =
  '\nA Telemetry takes the place of the access log that the mesh has configured: what is to stay is named by --log-provider.';

export const generateTargets: ReadonlyMap<string, GenerateTarget> = new Map<string, GenerateTarget>([
  [
    'envoyfilter',
    {
      heading: ({ placement, routesOnly }) =>
        routesOnly
          ? 'Tells ostiary the APIs of routes; who asks it is an extension provider: kubectl apply -f this file.'
          : `Makes proxies of Istio ask ostiary: kubectl apply -f this file.${placement === 'sidecar' ? TCP_HEADING : ''}`,
      flags: [...WHO, ...FLAGS_OF_ASKING, 'placement', 'selector', 'target', 'api', 'routeApi', 'routesOnly'],
      documents: envoyFilterDocuments,
    },
  ],
  [
    'extension-provider',
    {
      heading: (flags) =>
        'Makes sidecars, gateways or waypoints of Istio ask ostiary: kubectl apply -f this file.\n' +
        "The provider that it names stands in Istio's mesh configuration; ostiary generate mesh-config prints it:\n" +
        indent(stringify(meshConfigOf(flags))) +
        (flags.accessLog ? LOG_HEADING : ''),
      flags: [...WHO, ...ASKING, 'requestBody', ...LOGGING, 'selector', 'target', 'provider', 'meshIdentity'],
      documents: providerDocuments,
    },
  ],
  [
    'mesh-config',
    {
      heading: () =>
        'Values of istiod, for the policies of ostiary generate extension-provider. A list in values replaces the one before:\n' +
        'where there are other extensionProviders, add this one to them.',
      flags: [...ASKING, 'requestBody', 'accessLog', 'provider'],
      documents: (flags) => [meshConfigOf(flags)],
    },
  ],
  [
    'injection-template',
    {
      heading: () =>
        'Values of istiod (1.27 or later): helm upgrade istiod … --reuse-values --values this file. Pods with the annotation\n' +
        'inject.istio.io/templates: sidecar,ostiary then have their own ostiary, and an envoyfilter with the same --ostiary asks it.',
      flags: ['ostiary', 'image', 'policies', 'redis', 'redisSecret', 'secretEnv', 'secretFiles', 'env', 'extraArg'],
      documents: injectionDocuments,
    },
  ],
  [
    'security-policy',
    {
      heading: ({ accessLog }) =>
        `Makes Envoy Gateway (1.9 or later) ask ostiary: kubectl apply -f this file.${accessLog ? PROXY_HEADING : ''}`,
      flags: [...WHO, ...ASKING, 'accessLog', 'target', 'api'],
      documents(flags) {
        const { namespace, timeout, api } = flags;
        const target = targetOf(flags, ['Gateway', 'HTTPRoute', 'GRPCRoute']);
        const { host, port } = hostAndPort(flags.ostiary || SERVICE_ADDRESS, '--ostiary');
        const [name = '', of = namespace] = host.split('.');
        return securityPolicy({
          name: nameOf(flags, { by: 'target', target }),
          namespace,
          target: { kind: target.kind as 'Gateway' | 'HTTPRoute' | 'GRPCRoute', name: target.name },
          service: { name, namespace: of, port },
          timeoutMs: timeout,
          api: api === '' ? undefined : api,
          accessLog: flags.accessLog,
        });
      },
    },
  ],
  [
    'bootstrap',
    {
      heading: () => 'Envoy without Istio or Kubernetes: envoy -c this file.',
      flags: ['name', ...ASKING, ...WITH_TLS, ...OF_FILTER, 'api', 'listenPort', 'upstream'],
      documents(flags) {
        const name = flags.name === '' ? 'ostiary' : flags.name;
        const api = flags.api === '' ? undefined : flags.api;
        const { rawHeaders, requestBody: requestBodyBytes, timeout, listenPort } = flags;
        const listener = {
          name,
          rawHeaders,
          requestBodyBytes,
          host: '0.0.0.0',
          port: listenPort,
          normalizePath: true,
          api,
        };
        const ostiary = endpointsOf(flags.ostiary || HEADLESS_ADDRESS, '--ostiary');
        const tls = tlsOf(flags, ostiary[0]);
        if (tls?.by === 'mesh')
          throw new UserError(
            '--mesh-identity needs Istio: give --tls-ca, and --envoy-cert where ostiary asks for one',
            2,
          );
        const upstream = hostAndPort(flags.upstream, '--upstream');
        const { accessLog } = flags;
        return [bootstrap({ ostiary, tls, timeoutMs: timeout, accessLog, listeners: [listener], upstream })];
      },
    },
  ],
  [
    'flex',
    {
      heading: () =>
        'MuleSoft Flex/Omni Gateway in local mode (1.6.0 or later): put this file into its configuration folder.',
      flags: ['name', ...ASKING, 'target'],
      documents(flags) {
        const target = targetOf(flags, ['ApiInstance']);
        const name = nameOf(flags, { by: 'target', target });
        const address = hostAndPort(flags.ostiary || SERVICE_ADDRESS, '--ostiary');
        return [flexPolicyBinding({ name, ...address, timeoutMs: flags.timeout, apiInstance: target.name })];
      },
    },
  ],
]);

function envoyFilterDocuments(flags: GenerateFlags): readonly object[] {
  const { placement, namespace, timeout, rawHeaders, routesOnly } = flags;
  if (placement === 'waypoint') throw new UserError(noWaypoint(flags), 2);
  if (placement === 'sidecar' && flags.target !== '') {
    throw new UserError(
      `--target ${flags.target} with --placement sidecar: sidecars are chosen by --selector, a gateway by --placement gateway; ` +
        'a waypoint asks by ostiary generate extension-provider',
      2,
    );
  }
  const whose = whoseOf(flags, ['Gateway']);
  const name = nameOf(flags, whose);
  const ostiary = endpointOf(flags.ostiary || HEADLESS_ADDRESS, '--ostiary');
  const apis = apisOf(flags);
  if (routesOnly && apis.length === 0)
    throw new UserError('--routes-only has no effect without --api or --route-api', 2);
  const filter = envoyFilter({
    name,
    namespace,
    ostiary,
    tls: tlsOf(flags, ostiary),
    placement: { kind: placement, whose },
    timeoutMs: timeout,
    rawHeaders,
    requestBodyBytes: flags.requestBody,
    accessLog: flags.accessLog,
    apis,
    routesOnly,
  });
  const openTcpPorts = flags.openTcpPort.map((each) => portOf(each, '--open-tcp-port'));
  if (placement === 'sidecar' && whose.by === 'labels' && !routesOnly)
    return [filter, tcpGuard({ name, namespace, labels: whose.labels, openTcpPorts })];
  if (openTcpPorts.length > 0) throw new UserError('--open-tcp-port is for an envoyfilter of sidecars that ask', 2);
  return [filter];
}

function noWaypoint({ namespace, target }: GenerateFlags): string {
  const named = target === '' ? 'Gateway/NAME' : target;
  return (
    'no release of Istio applies an EnvoyFilter for waypoints, and every request would pass: ' +
    `ostiary generate extension-provider --namespace ${namespace} --target ${named} makes a waypoint ask ` +
    '(or --target Service/NAME for one of its Services)'
  );
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
