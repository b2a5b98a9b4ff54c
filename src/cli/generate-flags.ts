import { duration, integer, list, oneOf, text, toggle, type FlagValues } from '../flags.ts';

/** The flags of `ostiary generate`; each target reads those that concern it. */
export const generateFlags = {
  name: text('', 'NAME', 'name of what is generated; default ostiary, and after it whose requests are meant'),
  namespace: text('default', 'NAMESPACE', 'namespace of the workloads, Gateway or Service whose requests are meant'),
  ostiary: text(
    '',
    'ADDRESS',
    'where Envoy reaches ostiary: host:port or unix:/path; default ostiary-headless.ostiary.svc.cluster.local:9191, ' +
      'and without -headless for what Istio or a gateway balances itself',
  ),
  timeout: duration(250, 'how long Envoy waits for one Check'),
  rawHeaders: toggle('send headers as they came, repeated ones apart (envoyfilter, bootstrap)'),
  placement: oneOf('sidecar', ['sidecar', 'gateway', 'waypoint'], 'which proxies ask (envoyfilter)'),
  selector: list(
    [],
    'LABEL=VALUE',
    'only proxies of pods with these labels; repeatable (envoyfilter, extension-provider)',
  ),
  target: text(
    '',
    'KIND/NAME',
    'whose requests: Gateway (envoyfilter), Gateway, Service, ServiceEntry or GatewayClass (extension-provider), ' +
      'Gateway, HTTPRoute or GRPCRoute (security-policy), ApiInstance (flex)',
  ),
  api: text(
    '',
    'API',
    'the API of every request: ostiary then looks at neither host nor path (envoyfilter, security-policy, bootstrap)',
  ),
  routeApi: list(
    [],
    'ROUTE=API',
    "the API of one route, by Istio's name for it, or of one port of a sidecar's Service; repeatable (envoyfilter)",
  ),
  routesOnly: toggle('only tell the APIs of --api and --route-api: an extension provider asks (envoyfilter)'),
  openTcpPort: list([], 'PORT', 'port of the pods whose TCP passes unasked; repeatable (envoyfilter of sidecars)'),
  provider: text(
    'ostiary',
    'NAME',
    "the provider's name in Istio's mesh configuration (extension-provider, mesh-config)",
  ),
  tlsCa: text('', 'FILE', "PEM authorities of ostiary's certificate: Envoy uses TLS (envoyfilter, bootstrap)"),
  tlsName: text('', 'NAME', 'a DNS name of that certificate; default the host of --ostiary'),
  envoyCert: text('', 'FILE', "Envoy's own certificate chain, a path on its machine (envoyfilter, bootstrap)"),
  envoyKey: text('', 'FILE', 'key of --envoy-cert'),
  meshIdentity: text(
    '',
    'SPIFFE-ID',
    "use the mesh's mutual TLS, and only with this workload (envoyfilter, extension-provider)",
  ),
  image: text('ostiary:0.1.0', 'IMAGE', 'image of the sidecar (injection-template)'),
  policies: text(
    'ostiary-policies',
    'CONFIGMAP',
    "documents of the sidecar, in the pod's namespace (injection-template)",
  ),
  redis: text('', 'URL', 'counter store of the sidecar, without a password (injection-template)'),
  redisSecret: text('', 'SECRET/KEY', 'where the pod finds the URL of its counter store (injection-template)'),
  secretEnv: list([], 'NAME=SECRET/KEY', 'what $NAME in documents means; repeatable (injection-template)'),
  secretFiles: list([], 'SECRET', 'mounted at /etc/ostiary/secrets/SECRET; repeatable (injection-template)'),
  env: list([], 'NAME=VALUE', 'an environment variable that is no secret; repeatable (injection-template)'),
  extraArg: list(
    [],
    'FLAG',
    'one more flag of ostiary serve, as --extra-arg=--log-level=debug; repeatable (injection-template)',
  ),
  listenPort: integer(10_000, 1, 65_535, 'port that Envoy listens on (bootstrap)'),
  upstream: text('127.0.0.1:8080', 'HOST:PORT', 'what Envoy protects (bootstrap)'),
};

export type GenerateFlags = FlagValues<typeof generateFlags>;
