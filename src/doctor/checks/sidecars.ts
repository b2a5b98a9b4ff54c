import { fieldOf, messagesBelow, numberOf, partOf, partsOf, textOf } from '../../generate/envoy-value.ts';
import { askedWorkloads, askingIn, patchedValue, patchesOf } from '../asking.ts';
import type { Asking } from '../asking.ts';
import { finding } from '../finding.ts';
import type { Finding } from '../finding.ts';
import { labelsOf, nameOf, placeIn, specOf, textsIn } from '../resource.ts';
import {
  containersOf,
  flagOf,
  hasContainer,
  ostiaryContainersOf,
  selectWorkloads,
  servicesOf,
  templateOf,
} from '../workload.ts';
import type { Workload } from '../workload.ts';
import { findResource, ofKind } from '../world.ts';
import type { World } from '../world.ts';

/** Whether the pods that are to be protected have what protects them. */
export function* sidecarChecks(world: World): Generator<Finding> {
  for (const asking of askingIn(world)) {
    for (const workload of askedWorkloads(world, asking)) {
      yield* withoutEnvoy(world, workload, nameOf(asking.resource));
      if (usesSocket(asking)) yield* withoutOstiary(world, workload, asking);
      yield* bypassing(world, workload);
    }
  }
  for (const binding of ofKind(world, 'ApiBinding')) {
    for (const workload of boundWorkloads(world, binding)) yield* withoutEnvoy(world, workload, nameOf(binding));
  }
  yield* countingAlone(world);
}

function boundWorkloads(world: World, binding: Asking['resource']): readonly Workload[] {
  const spec = specOf(binding);
  const single = partOf(spec, 'targetRef');
  const targets = [...(single === undefined ? [] : [single]), ...partsOf(spec, 'targetRefs')];
  // Of Services that a gateway leads to, pods need no Envoy of their own.
  return targets.flatMap((target) => {
    if (textOf(target, 'kind') !== 'Service' || world.listed.has('HTTPRoute')) return [];
    const service = findResource(world, 'Service', binding.namespace, textOf(target, 'name'));
    const selector = service && textsIn(specOf(service), 'selector');
    return selector === undefined || Object.keys(selector).length === 0
      ? []
      : selectWorkloads(world, binding.namespace, selector);
  });
}

function* withoutEnvoy(world: World, workload: Workload, why: string): Generator<Finding> {
  const { resource, namespace, labels, annotations, pod, isRunning } = workload;
  const space = findResource(world, 'Namespace', '', namespace);
  const ofSpace = space === undefined ? {} : labelsOf(space);
  const restart = `kubectl -n ${namespace} rollout restart deployment`;
  if (ofSpace['istio.io/dataplane-mode'] === 'ambient') return;
  if (isRunning) {
    if (hasEnvoy(workload)) return;
    const message = `has no container istio-proxy, so nothing asks for its requests, though ${why} selects it`;
    const remedy = `kubectl label namespace ${namespace} istio-injection=enabled --overwrite\n${restart}`;
    yield finding('OST301', placeIn(resource, ['spec', 'containers']), message, remedy);
    return;
  }
  const inject = labels['sidecar.istio.io/inject'] ?? annotations['sidecar.istio.io/inject'];
  if (inject === 'false') {
    const message = `keeps Istio's sidecar out (sidecar.istio.io/inject: "false"), so nothing asks for its requests, though ${why} selects it`;
    const remedy = `take the label sidecar.istio.io/inject out of the pod template of ${nameOf(resource)}`;
    yield finding('OST301', placeIn(resource, pod.path), message, remedy);
  } else if (pod.value['hostNetwork'] === true) {
    const message = `uses the node's network (hostNetwork), where Istio puts no sidecar, though ${why} selects it`;
    yield finding('OST301', placeIn(resource, [...pod.path, 'hostNetwork']), message, 'take hostNetwork away');
  } else if (space !== undefined && inject !== 'true' && !isInjected(ofSpace) && labels['istio.io/rev'] === undefined) {
    if (hasEnvoy(workload)) return;
    const message = `gets no sidecar of Istio: neither it nor the namespace ${namespace} has a label for it, though ${why} selects it`;
    const remedy = `kubectl label namespace ${namespace} istio-injection=enabled\n${restart}`;
    yield finding('OST301', placeIn(resource, pod.path), message, remedy);
  }
}

function hasEnvoy(workload: Workload): boolean {
  return hasContainer(workload, 'istio-proxy') || hasContainer(workload, 'envoy');
}

function isInjected(labels: Readonly<Record<string, string>>): boolean {
  return labels['istio-injection'] === 'enabled' || labels['istio.io/rev'] !== undefined;
}

/** Whether the filter asks by a Unix socket. */
function usesSocket({ resource, way }: Asking): boolean {
  if (way !== 'EnvoyFilter') return false;
  return patchesOf(resource).some((patch) => {
    const cluster = textOf(patch, 'applyTo') === 'CLUSTER' ? patchedValue(patch) : undefined;
    return cluster !== undefined && [...messagesBelow(cluster)].some((each) => partOf(each, 'pipe') !== undefined);
  });
}

function* withoutOstiary(world: World, workload: Workload, asking: Asking): Generator<Finding> {
  const { resource, namespace, labels, annotations, pod, isRunning } = workload;
  // Without Envoy, nobody asks: that is told by itself.
  if (hasContainer(workload, 'ostiary') || (isRunning && !hasEnvoy(workload))) return;
  const space = findResource(world, 'Namespace', '', namespace);
  const wishes = { ...(space && labelsOf(space)), ...annotations, ...labels };
  const isWished =
    annotations['inject.istio.io/templates']?.split(',').some((each) => each.trim().includes('ostiary')) === true ||
    Object.entries(wishes).some(([key, value]) => key.startsWith('ostiary.dev/') && value !== 'false');
  if (!isRunning && isWished) return;
  const message = isRunning
    ? `has no container ostiary, and ${nameOf(asking.resource)} makes its Envoy ask one by a socket: every request is denied`
    : `asks for no ostiary in its pods, and ${nameOf(asking.resource)} makes their Envoy ask one by a socket: every request is denied`;
  const remedy =
    `kubectl -n ${namespace} patch deployment ${resource.kind === 'Deployment' ? resource.name : 'NAME'} --type merge -p ` +
    `'{"spec":{"template":{"metadata":{"annotations":{"inject.istio.io/templates":"sidecar,ostiary"}}}}}'`;
  yield finding('OST302', placeIn(resource, pod.path), message, remedy);
}

/** Ports that Istio leaves to the application. */
function* bypassing(world: World, workload: Workload): Generator<Finding> {
  const { resource, annotations } = workload;
  const excluded = portsIn(annotations['traffic.sidecar.istio.io/excludeInboundPorts']);
  const included = annotations['traffic.sidecar.istio.io/includeInboundPorts'];
  const served = new Set(servicesOf(world, workload).flatMap((service) => targetPortsOf(workload, service)));
  const missed = [...served].filter(
    (port) =>
      excluded.includes(port) || (included !== undefined && included !== '*' && !portsIn(included).includes(port)),
  );
  if (missed.length === 0) return;
  const which = excluded.some((port) => missed.includes(port)) ? 'excludeInboundPorts' : 'includeInboundPorts';
  const message = `traffic.sidecar.istio.io/${which} leads port ${missed.join(', ')} past Envoy, and a Service leads there: its requests pass without a decision`;
  const remedy = `take the annotation out of the pod template, or port ${missed.join(', ')} out of the Service`;
  yield finding('OST303', placeIn(resource, ['metadata', 'annotations']), message, remedy);
}

function portsIn(text: string | undefined): readonly number[] {
  return (text ?? '').split(',').flatMap((each) => (/^\s*\d+\s*$/.test(each) ? [Number(each)] : []));
}

function targetPortsOf(workload: Workload, service: Asking['resource']): readonly number[] {
  const named = containersOf(workload).flatMap((each) => partsOf(each, 'ports'));
  return partsOf(specOf(service), 'ports').flatMap((port) => {
    const target = fieldOf(port, 'targetPort').value ?? numberOf(port, 'port');
    if (typeof target === 'number') return [target];
    const own = named.find((each) => textOf(each, 'name') === target);
    return own === undefined ? [] : [numberOf(own, 'containerPort') ?? 0];
  });
}

/** Several replicas, quota that is meant to be one, and no Redis. */
function* countingAlone(world: World): Generator<Finding> {
  if (world.documents?.apis.some(({ countsForAll }) => countsForAll) !== true) return;
  for (const resource of ofKind(world, 'Deployment', 'StatefulSet')) {
    const template = templateOf(resource);
    const [container] = template === undefined ? [] : ostiaryContainersOf(template);
    if (container === undefined) continue;
    const replicas = numberOf(specOf(resource), 'replicas') ?? 1;
    const isShared = ['redis', 'redis-config'].some((flag) => flagOf(container, flag) !== undefined);
    if (replicas < 2 || isShared) continue;
    const message = `runs ${replicas} replicas without --redis: each counts for itself, so ${replicas} times the quota is admitted`;
    const remedy = 'helm upgrade … --set redis.url=redis://HOST:6379';
    yield finding('OST308', placeIn(resource, ['spec', 'replicas']), message, remedy);
  }
}
