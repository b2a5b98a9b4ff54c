import { partOf, partsOf, textOf } from '../generate/envoy-value.ts';
import type { Part } from '../generate/envoy-value.ts';
import { annotationsOf, hasLabels, labelsOf, specOf, textsIn } from './resource.ts';
import type { Resource } from './resource.ts';
import { ofKind } from './world.ts';
import type { World } from './world.ts';

/** What pods are made of, or a pod that runs. */
export interface Workload {
  readonly resource: Resource;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** A PodSpec. */
  readonly pod: Part;
  /** A pod of a cluster has what webhooks have added; a template has not. */
  readonly isRunning: boolean;
}

const TEMPLATES: readonly string[] = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'ReplicaSet',
  'Rollout',
];

/** In a cluster its pods, unless they have ended; in files what makes pods. */
export function workloadsOf(world: World): readonly Workload[] {
  const pods = ofKind(world, 'Pod').filter(({ root }) => {
    const phase = textOf(partOf(root, 'status'), 'phase');
    return phase !== 'Succeeded' && phase !== 'Failed';
  });
  const running = pods.map((resource) => podOf(resource, world.isCluster));
  if (world.isCluster) return running;
  return [...running, ...ofKind(world, ...TEMPLATES).flatMap((each) => templateOf(each) ?? [])];
}

function podOf(resource: Resource, isRunning: boolean): Workload {
  const { namespace } = resource;
  const [labels, annotations] = [labelsOf(resource), annotationsOf(resource)];
  return { resource, namespace, labels, annotations, pod: specOf(resource), isRunning };
}

/** What makes pods. @returns undefined: it has no template */
export function templateOf(resource: Resource): Workload | undefined {
  const spec = specOf(resource);
  const job = partOf(spec, 'jobTemplate');
  const ofJob = job && partOf(job, 'spec');
  const template = partOf(ofJob ?? spec, 'template');
  const pod = template && partOf(template, 'spec');
  if (pod === undefined) return undefined;
  const metadata = partOf(template as Part, 'metadata');
  return {
    resource,
    namespace: resource.namespace,
    labels: textsIn(metadata, 'labels'),
    annotations: textsIn(metadata, 'annotations'),
    pod,
    isRunning: false,
  };
}

export function selectWorkloads(
  world: World,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): readonly Workload[] {
  return workloadsOf(world).filter((each) => each.namespace === namespace && hasLabels(each.labels, labels));
}

/** Its containers, those that start first included. */
export function containersOf({ pod }: Pick<Workload, 'pod'>): readonly Part[] {
  return [...partsOf(pod, 'initContainers'), ...partsOf(pod, 'containers')];
}

export function hasContainer(workload: Workload, name: string): boolean {
  return containersOf(workload).some((each) => textOf(each, 'name') === name);
}

/** Containers that run `ostiary serve`. */
export function ostiaryContainersOf(workload: Workload): readonly Part[] {
  return containersOf(workload).filter((each) => {
    const { args, command } = each.value;
    const words = [...(Array.isArray(command) ? command : []), ...(Array.isArray(args) ? args : [])].map(String);
    return (
      words.includes('serve') && (textOf(each, 'name') === 'ostiary' || /(^|\/)ostiary\b/.test(textOf(each, 'image')))
    );
  });
}

/** The value of a flag of a container, by its arguments, or its variable. */
export function flagOf(container: Part, flag: string): string | undefined {
  const args = Array.isArray(container.value['args']) ? container.value['args'].map(String) : [];
  const at = args.findLastIndex((each) => each === `--${flag}` || each.startsWith(`--${flag}=`));
  const given = args[at];
  if (given !== undefined) return given.includes('=') ? given.slice(flag.length + 3) : args[at + 1];
  const variable = `OSTIARY_${flag.replaceAll('-', '_').toUpperCase()}`;
  const set = partsOf(container, 'env').find((each) => textOf(each, 'name') === variable);
  if (set === undefined) return undefined;
  return textOf(set, 'value');
}

/** The Services that lead to a workload. */
export function servicesOf(world: World, { namespace, labels }: Workload): readonly Resource[] {
  return ofKind(world, 'Service').filter((service) => {
    const selector = textsIn(specOf(service), 'selector');
    return service.namespace === namespace && Object.keys(selector).length > 0 && hasLabels(labels, selector);
  });
}
