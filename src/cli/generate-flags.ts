import { apiName, kubernetesName, kubernetesNamespace, pairs, unbroken } from './flag-forms.ts';
import { duration, integer, list, oneOf, text, toggle } from '../flags.ts';
import type { FlagValues } from '../flags.ts';

/** The flags of `ostiary generate`; each target names those that it uses. None has an environment variable. */
export const generateFlags = {
  name: text('', 'NAME', 'name of the generated object; default: ostiary and the name of its target', kubernetesName),
  namespace: text(
    'default',
    'NAMESPACE',
    'namespace of the workloads, Gateway or Service whose requests are checked',
    kubernetesNamespace,
  ),
  ostiary: text(
    '',
    'ADDRESS',
    'where Envoy reaches ostiary: host:port or unix:/path; for bootstrap also several replicas, separated by commas; default ostiary-headless.ostiary.svc.cluster.local:9191, ' +
      'or without -headless if Istio or the gateway balances the load itself',
    unbroken,
  ),
  timeout: duration(250, 'how long Envoy waits for one Check', { minimumMs: 1 }),
  rawHeaders: toggle('send headers to ostiary as they came, without joining repeated ones'),
  requestBody: integer(
    0,
    0,
    16 * 1024 * 1024,
    'send bodies up to so many octets to ostiary, for policies that judge them; larger ones are answered with 413',
  ),
  accessLog: toggle('stream the access log to ostiary, which counts how requests have ended'),
  logProvider: list(
    [],
    'NAME',
    "a provider of Istio's access logs that stays beside ostiary's, such as envoy; repeatable",
  ),
  placement: oneOf('sidecar', ['sidecar', 'gateway', 'waypoint'], 'which proxies ask ostiary'),
  selector: pairs('LABEL=VALUE', 'only proxies of pods with these labels; repeatable'),
  target: text(
    '',
    'KIND/NAME',
    'whose requests are checked: Gateway (envoyfilter), Gateway, Service, ServiceEntry or GatewayClass (extension-provider), ' +
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
  routesOnly: toggle('only name the APIs of --api and --route-api; an extension provider asks ostiary'),
  openTcpPort: list([], 'PORT', 'port of the pods at which plain TCP passes without a Check; repeatable'),
  provider: text('ostiary', 'NAME', "the provider's name in Istio's mesh configuration", unbroken),
  tlsCa: text('', 'FILE', "PEM authorities of ostiary's certificate: Envoy uses TLS"),
  tlsName: text('', 'NAME', 'a DNS name in that certificate; default: the host of --ostiary'),
  envoyCert: text('', 'FILE', "Envoy's own certificate chain, a path on its machine"),
  envoyKey: text('', 'FILE', 'key of --envoy-cert'),
  meshIdentity: text('', 'SPIFFE-ID', "use the mesh's mutual TLS, and accept only this workload as ostiary"),
  image: text('ostiary:0.1.0', 'IMAGE', 'image of the sidecar', unbroken),
  policies: text(
    'ostiary-policies',
    'CONFIGMAP',
    "ConfigMap with the documents of the sidecar, in the pod's namespace",
    kubernetesName,
  ),
  redis: text('', 'URL', 'counter store of the sidecar, without a password', unbroken),
  redisSecret: text('', 'SECRET/KEY', 'Secret that holds the URL of the counter store'),
  secretEnv: pairs('NAME=SECRET/KEY', 'Secret that gives $NAME in documents its value; repeatable'),
  secretFiles: list([], 'SECRET', 'mounted at /etc/ostiary/secrets/SECRET; repeatable'),
  env: pairs('NAME=VALUE', 'environment variable without a secret; repeatable'),
  extraArg: list([], 'FLAG', 'one more flag of ostiary serve, as --extra-arg=--log-level=debug; repeatable'),
  listenPort: integer(10_000, 1, 65_535, 'port that Envoy listens on'),
  output: text('', 'FORM', 'alerts: rules or prometheusrule; dashboards: json or configmap; the first unless told'),
  label: pairs('LABEL=VALUE', 'label of the generated object, by which a Prometheus or Grafana finds it; repeatable'),
  audience: oneOf('all', ['all', 'platform', 'owner', 'client'], 'whose dashboard'),
  upstream: text('127.0.0.1:8080', 'HOST:PORT', 'the service that Envoy protects', unbroken),
};

export type GenerateFlags = FlagValues<typeof generateFlags>;
