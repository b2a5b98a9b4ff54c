import { parse } from 'yaml';
import { injectionTemplate } from '../../src/generate/injection-template.ts';
import type { InjectionOptions } from '../../src/generate/injection-template.ts';

export const injectionOptions: InjectionOptions = {
  image: 'ostiary:0.1.0',
  policies: 'ostiary-policies',
  socketPath: '/run/ostiary/ostiary.sock',
  redis: '',
  redisSecret: undefined,
  secretEnv: [],
  secretFiles: [],
  env: {},
  extraArgs: [],
};

export interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly args?: readonly string[];
  readonly env?: readonly object[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface PodFragment {
  readonly initContainers: readonly Container[];
  readonly containers?: readonly Container[];
  readonly volumes: readonly { readonly name: string }[];
}

/** What Istio's injector makes of the template: its one condition is decided, the rest is YAML. */
export function renderInjection(options: InjectionOptions, nativeProxy: boolean): PodFragment {
  const [, before = '', native = '', other = '', after = ''] =
    /^\{\{-[^\n]*\}\}\n(.*?) *\{\{- if \$native \}\}\n(.*?) *\{\{- else \}\}\n(.*?) *\{\{- end \}\}\n(.*)$/s.exec(
      injectionTemplate(options),
    ) ?? [];
  return (parse(before + (nativeProxy ? native : other) + after) as { spec: PodFragment }).spec;
}

/** A pod of the namespace `shop` that fits the restricted level, with the sidecar injected. */
export function injectedPod(options: InjectionOptions): object {
  const { initContainers, volumes } = renderInjection(options, false);
  const securityContext = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const app = { name: 'app', image: 'app', securityContext };
  const proxy = { ...app, name: 'istio-proxy', volumeMounts: [{ name: 'ostiary-socket', mountPath: '/run/ostiary' }] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'orders', namespace: 'shop' },
    spec: { initContainers, containers: [app, proxy], volumes },
  };
}
