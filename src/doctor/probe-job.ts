export interface ProbeJobOptions {
  readonly urls: readonly string[];
  readonly sidecars: readonly string[];
  readonly method: string;
  readonly image: string;
}

/** The Secret of its namespace that holds the operator's token. */
const TOKEN_SECRET = 'ostiary-api-token';

/** A Job that probes once from where callers are. It fails where something is red. */
export function probeJob({ urls, sidecars, method, image }: ProbeJobOptions): object {
  const container = {
    name: 'probe',
    image,
    args: [
      'doctor',
      'probe',
      ...urls.map((url) => `--url=${url}`),
      ...sidecars.map((sidecar) => `--sidecar=${sidecar}`),
      ...(method === 'GET' ? [] : [`--method=${method}`]),
      '--api-token-file=/etc/ostiary/api-token/token',
    ],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '128Mi' } },
    volumeMounts: [{ name: 'api-token', mountPath: '/etc/ostiary/api-token', readOnly: true }],
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'ostiary-probe' },
    spec: {
      // Red stays red: a second try would hide a replica that lets requests pass.
      backoffLimit: 0,
      ttlSecondsAfterFinished: 3600,
      template: {
        metadata: { labels: { 'sidecar.istio.io/inject': 'false' } },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          containers: [container],
          volumes: [{ name: 'api-token', secret: { secretName: TOKEN_SECRET } }],
        },
      },
    },
  };
}
