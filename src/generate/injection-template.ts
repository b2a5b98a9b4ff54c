import { stringify } from 'yaml';

export interface InjectionOptions {
  readonly image: string;
  /** A ConfigMap of the pod's namespace whose files are the documents. */
  readonly policies: string;
  /** Where Envoy finds ostiary; the EnvoyFilter names the same. */
  readonly socketPath: string;
  /** `redis://…` without a password; empty: each pod counts quota for itself, unless {@link redisSecret} has it. */
  readonly redis: string;
  /** Where the pod's namespace keeps the URL with its password. */
  readonly redisSecret: SecretKey | undefined;
  /** What `$NAME` in documents means, from Secrets of the pod's namespace. */
  readonly secretEnv: readonly (SecretKey & { readonly variable: string })[];
  /** Secrets of the pod's namespace, mounted at `/etc/ostiary/secrets/NAME`. */
  readonly secretFiles: readonly string[];
  /** Environment variables whose values are no secret: they stand in istiod's values. */
  readonly env: Readonly<Record<string, string>>;
  /** More flags of `ostiary serve`. */
  readonly extraArgs: readonly string[];
}

export interface SecretKey {
  readonly name: string;
  readonly key: string;
}

const ADMIN_PORT = 9190;

/**
 * A template for Istio's sidecar injector: pods with `inject.istio.io/templates: sidecar,ostiary` get
 * ostiary as a native sidecar, and Envoy reaches it by a Unix socket that no other container sees.
 */
export function injectionTemplate(options: InjectionOptions): string {
  const folder = options.socketPath.slice(0, options.socketPath.lastIndexOf('/'));
  const socket = { name: 'ostiary-socket', mountPath: folder };
  const env = environmentOf(options);
  const container = {
    name: 'ostiary',
    image: options.image,
    // What makes an init container a sidecar: it starts before the others and ends after them.
    restartPolicy: 'Always',
    args: [
      'serve',
      '--policies=/etc/ostiary/policies',
      `--listen=unix:${options.socketPath}`,
      // Only containers that mount the folder can reach the socket: Envoy, with any user.
      '--listen-mode=0666',
      // Istio's routes ignore ports, but its proxies send them.
      '--host-port=ignore',
      // Prometheus reads it by the pod's address, IPv4 or IPv6; the default is loopback.
      `--admin-listen=:${ADMIN_PORT}`,
      ...(options.redis === '' ? [] : [`--redis=${options.redis}`]),
      ...options.extraArgs,
    ],
    ...(env.length === 0 ? {} : { env }),
    // Readiness: the application does not start before its requests can be decided.
    startupProbe: { exec: { command: probeOf('/readyz') }, periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 5 },
    livenessProbe: { exec: { command: probeOf('/livez') }, periodSeconds: 30, failureThreshold: 3, timeoutSeconds: 5 },
    resources: { requests: { cpu: '20m', memory: '100Mi' }, limits: { memory: '256Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: [
      socket,
      { name: 'ostiary-policies', mountPath: '/etc/ostiary/policies', readOnly: true },
      ...options.secretFiles.map((name, i) => ({
        name: `ostiary-secret-${i}`,
        mountPath: `/etc/ostiary/secrets/${name}`,
        readOnly: true,
      })),
    ],
  };
  const volumes = [
    { name: 'ostiary-socket', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    { name: 'ostiary-policies', configMap: { name: options.policies } },
    ...options.secretFiles.map((secretName, i) => ({ name: `ostiary-secret-${i}`, secret: { secretName } })),
  ];
  const proxy = stringify([{ name: 'istio-proxy', volumeMounts: [socket] }]);
  // Istio puts its own proxy among the init containers or among the others, as this condition of its own template says.
  return `{{- $native := ne (index .ObjectMeta.Annotations \`sidecar.istio.io/nativeSidecar\` | default (printf "%t" .NativeSidecars)) "false" }}
spec:
  initContainers:
${indent(stringify([container], { lineWidth: 0, aliasDuplicateObjects: false }), 4)}
  {{- if $native }}
${indent(proxy, 4)}
  {{- else }}
  containers:
${indent(proxy, 4)}
  {{- end }}
${indent(stringify({ volumes }), 2)}
`;
}

/** Istio's own values: what `helm upgrade istiod … --values` takes. */
export function injectionValues(options: InjectionOptions): object {
  return { sidecarInjectorWebhook: { templates: { ostiary: injectionTemplate(options) } } };
}

function environmentOf({ env, secretEnv, redisSecret }: InjectionOptions): readonly object[] {
  const redis = redisSecret === undefined ? [] : [{ variable: 'OSTIARY_REDIS', ...redisSecret }];
  return [
    ...Object.entries(env).map(([name, value]) => ({ name, value })),
    ...[...redis, ...secretEnv].map(({ variable, name, key }) => ({
      name: variable,
      valueFrom: { secretKeyRef: { name, key } },
    })),
  ];
}

/** Over loopback: Envoy takes all traffic from outside, so the kubelet can't use HTTP. */
function probeOf(page: '/livez' | '/readyz'): readonly string[] {
  const script = `fetch('http://127.0.0.1:${ADMIN_PORT}${page}').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`;
  return ['/nodejs/bin/node', '-e', script];
}

function indent(text: string, spaces: number): string {
  return text.trimEnd().replaceAll(/^(?=.)/gm, ' '.repeat(spaces));
}
