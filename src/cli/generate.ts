import { UserError } from '../errors.ts';
import { parseFlags } from '../flags.ts';
import { bootstrap } from '../generate/bootstrap.ts';
import { envoyFilter } from '../generate/envoy-filter.ts';
import { explainedYaml } from '../generate/explained-yaml.ts';
import { extensionProvider } from '../generate/extension-provider.ts';
import { flexPolicyBinding } from '../generate/flex.ts';
import { injectionValues } from '../generate/injection-template.ts';
import { securityPolicy } from '../generate/security-policy.ts';
import {
  apisOf,
  endpointOf,
  generateFlags,
  hostAndPort,
  labelsOf,
  placementOf,
  type GenerateFlags,
} from './generate-flags.ts';
import { helpText } from './help.ts';

interface Target {
  /** What the YAML is and what is done with it: its heading. */
  readonly heading: string;
  documents(flags: GenerateFlags): readonly object[];
}

const targets: ReadonlyMap<string, Target> = new Map<string, Target>([
  [
    'envoyfilter',
    {
      heading: 'Makes proxies of Istio ask ostiary: kubectl apply -f this file.',
      documents: (flags) => [
        envoyFilter({
          ...common(flags),
          ostiary: endpointOf(flags.ostiary, '--ostiary'),
          placement: placementOf(flags),
          apis: apisOf(flags),
        }),
      ],
    },
  ],
  [
    'extension-provider',
    {
      heading:
        "Istio without an EnvoyFilter: merge the first document into Istio's mesh configuration, apply the second.\n" +
        'It can set no API per route, no raw headers and no metadata namespaces: an envoyfilter can.',
      documents: (flags) => {
        const { host: service, port } = hostAndPort(flags.ostiary, '--ostiary');
        return extensionProvider({ ...common(flags), service, port, labels: labelsOf(flags) });
      },
    },
  ],
  [
    'injection-template',
    {
      heading:
        'Values of istiod: helm upgrade istiod … --reuse-values --values this file. Pods with the annotation\n' +
        'inject.istio.io/templates: sidecar,ostiary then have their own ostiary, and an envoyfilter with the same --ostiary asks it.',
      documents: (flags) => {
        const endpoint = endpointOf(flags.ostiary, '--ostiary');
        if (endpoint.kind === 'tcp')
          throw new UserError('a sidecar is reached by a socket: --ostiary unix:/run/ostiary/ostiary.sock', 2);
        const { image, policies, redis } = flags;
        return [injectionValues({ image, policies, redis, socketPath: endpoint.path })];
      },
    },
  ],
  [
    'security-policy',
    {
      heading: 'Makes Envoy Gateway (1.9 or later) ask ostiary: kubectl apply -f this file.',
      documents: (flags) =>
        securityPolicy({
          ...common(flags),
          target: { kind: flags.targetKind, name: flags.target },
          service: serviceOf(flags),
          api: flags.api === '' ? undefined : flags.api,
        }),
    },
  ],
  [
    'bootstrap',
    {
      heading: 'Envoy without Istio or Kubernetes: envoy -c this file.',
      documents: (flags) => {
        const api = flags.api === '' ? undefined : flags.api;
        const listener = { ...common(flags), host: '0.0.0.0', port: flags.listenPort, normalizePath: true, api };
        const ostiary = endpointOf(flags.ostiary, '--ostiary');
        const upstream = hostAndPort(flags.upstream, '--upstream');
        return [bootstrap({ ostiary, timeoutMs: flags.timeout, listeners: [listener], upstream })];
      },
    },
  ],
  [
    'flex',
    {
      heading: 'MuleSoft Flex Gateway in local mode (1.6.0 or later): put this file into its configuration folder.',
      documents: (flags) => [
        flexPolicyBinding({
          ...common(flags),
          ...hostAndPort(flags.ostiary, '--ostiary'),
          apiInstance: flags.target,
        }),
      ],
    },
  ],
]);

/** Prints what makes an Envoy ask ostiary, with comments that say why each setting is so. */
export async function run(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals, help } = parseFlags(generateFlags, argv, environment);
  const names = [...targets.keys()].join('|');
  if (help) {
    const usage = `ostiary generate ${names} [FLAGS]`;
    process.stdout.write(helpText(usage, 'Prints the configuration that makes an Envoy ask ostiary.', generateFlags));
    return 0;
  }
  const [name = '', ...rest] = positionals;
  const target = targets.get(name);
  if (target === undefined || rest.length > 0) {
    throw new UserError(`generate takes one of ${names}: see ostiary generate --help`, 2);
  }
  const flags = { ...values, metadataNamespaces: values.metadataNamespaces.filter((each) => each !== '') };
  process.stdout.write(explainedYaml(target.documents(flags), target.heading));
  return 0;
}

function common({ name, namespace, timeout, rawHeaders, metadataNamespaces }: GenerateFlags) {
  return { name, namespace, timeoutMs: timeout, rawHeaders, metadataNamespaces };
}

/** `name.namespace…:port`, as Kubernetes writes it. */
function serviceOf(flags: GenerateFlags): { name: string; namespace: string; port: number } {
  const { host, port } = hostAndPort(flags.ostiary, '--ostiary');
  const [name = '', namespace = flags.namespace] = host.split('.');
  return { name, namespace, port };
}
