import { apiName, kubernetesName, kubernetesNamespace, pairs, unbroken } from './flag-forms.ts';
import { duration, integer, list, oneOf, text, toggle, type FlagValues } from '../flags.ts';

/** The flags of `ostiary generate`; each target says which concern it. None has an environment variable. */
export const generateFlags = {
  name: text(
    '',
    'NAME',
    'name of what is generated; default ostiary, and after it whose requests are meant',
    kubernetesName,
  ),
  namespace: text(
    'default',
    'NAMESPACE',
    'namespace of the workloads, Gateway or Service whose requests are meant',
    kubernetesNamespace,
  ),
  ostiary: text(
    '',
    'ADDRESS',
    'where Envoy reaches ostiary: host:port or unix:/path, of a bootstrap several replicas by comma; default ostiary-headless.ostiary.svc.cluster.local:9191, ' +
      'and without -headless for what Istio or a gateway balances itself',
    unbroken,
  ),
  timeout: duration(250, 'how long Envoy waits for one Check', { minimumMs: 1 }),
  rawHeaders: toggle('send headers as they came, repeated ones apart'),
  placement: oneOf('sidecar', ['sidecar', 'gateway', 'waypoint'], 'which proxies ask'),
  selector: pairs('LABEL=VALUE', 'only proxies of pods with these labels; repeatable'),
  target: text(
    '',
    'KIND/NAME',
    'whose requests: Gateway (envoyfilter), Gateway, Service, ServiceEntry or GatewayClass (extension-provider), ' +
      'Gateway, HTTPRoute or GRPCRoute (security-policy), ApiInstance',
  ),
  api: text(
    '',
    'API',
    'the API of every request, such as orders or shop/orders: the host then decides nothing',
    apiName,
  ),
  routeApi: list(
    [],
    'ROUTE=API',
    "the API of one route, by Istio's name for it, or of one port of a sidecar's Service; repeatable",
  ),
  routesOnly: toggle('only tell the APIs of --api and --route-api: an extension provider asks'),
  openTcpPort: list([], 'PORT', 'port of the pods whose TCP passes unasked; repeatable'),
  provider: text('ostiary', 'NAME', "the provider's name in Istio's mesh configuration", unbroken),
  tlsCa: text('', 'FILE', "PEM authorities of ostiary's certificate: Envoy uses TLS"),
  tlsName: text('', 'NAME', 'a DNS name of that certificate; default the host of --ostiary'),
  envoyCert: text('', 'FILE', "Envoy's own certificate chain, a path on its machine"),
  envoyKey: text('', 'FILE', 'key of --envoy-cert'),
  meshIdentity: text('', 'SPIFFE-ID', "use the mesh's mutual TLS, and only with this workload"),
  image: text('ostiary:0.1.0', 'IMAGE', 'image of the sidecar', unbroken),
  policies: text('ostiary-policies', 'CONFIGMAP', "documents of the sidecar, in the pod's namespace", kubernetesName),
  redis: text('', 'URL', 'counter store of the sidecar, without a password', unbroken),
  redisSecret: text('', 'SECRET/KEY', 'where the pod finds the URL of its counter store'),
  secretEnv: pairs('NAME=SECRET/KEY', 'what $NAME in documents means; repeatable'),
  secretFiles: list([], 'SECRET', 'mounted at /etc/ostiary/secrets/SECRET; repeatable'),
  env: pairs('NAME=VALUE', 'an environment variable that is no secret; repeatable'),
  extraArg: list([], 'FLAG', 'one more flag of ostiary serve, as --extra-arg=--log-level=debug; repeatable'),
  listenPort: integer(10_000, 1, 65_535, 'port that Envoy listens on'),
  upstream: text('127.0.0.1:8080', 'HOST:PORT', 'what Envoy protects', unbroken),
};

export type GenerateFlags = FlagValues<typeof generateFlags>;
