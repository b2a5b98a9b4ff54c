import { shellWord } from '../../commented-lines.ts';
import { partOf, partsOf, textOf } from '../../generate/envoy-value.ts';
import type { Part } from '../../generate/envoy-value.ts';
import { askingIn, ROOT_NAMESPACE } from '../asking.ts';
import type { Asking } from '../asking.ts';
import { finding } from '../finding.ts';
import type { Finding } from '../finding.ts';
import { nameOf, placeIn, specOf, textsIn } from '../resource.ts';
import type { Resource } from '../resource.ts';
import { selectWorkloads, workloadsOf } from '../workload.ts';
import { findResource, isMissing, ofKind } from '../world.ts';
import type { World } from '../world.ts';

/** What is to ask, and what is bound, exists. */
export function* targetChecks(world: World): Generator<Finding> {
  for (const asking of askingIn(world)) {
    for (const target of asking.targets) yield* targetMissing(world, asking.resource, target);
    yield* selectsNobody(world, asking);
  }
  for (const binding of ofKind(world, 'ApiBinding')) {
    const spec = specOf(binding);
    const single = partOf(spec, 'targetRef');
    for (const target of [...(single === undefined ? [] : [single]), ...partsOf(spec, 'targetRefs')]) {
      yield* targetMissing(world, binding, target);
      yield* leadsNowhere(world, binding, target);
    }
    const api = partOf(spec, 'apiRef');
    if (api !== undefined) yield* targetMissing(world, binding, api, 'Api');
    const selector = partOf(spec, 'selector');
    if (selector !== undefined) yield* selectsNone(world, binding, selector);
  }
}

function* targetMissing(world: World, resource: Resource, target: Part, usual = 'Service'): Generator<Finding> {
  const kind = textOf(target, 'kind') || usual;
  const name = textOf(target, 'name');
  const namespace = textOf(target, 'namespace') || resource.namespace;
  if (name === '' || !isMissing(world, kind, namespace, name)) return;
  const there = ofKind(world, kind).filter((each) => each.namespace === namespace || each.namespace === '');
  const has = there.length === 0 ? 'there is none' : `there are ${there.map((each) => each.name).join(', ')}`;
  const message = `is for the ${kind} ${JSON.stringify(name)}, which does not exist in ${namespace} (${has}): nothing is enforced by it`;
  const remedy = `kubectl -n ${shellWord(namespace)} get ${shellWord(kind.toLowerCase())}  # and name one of them`;
  yield finding('OST104', placeIn(resource, [...target.path, 'name']), message, remedy);
}

function* selectsNobody(world: World, { resource, labels, selectionPath }: Asking): Generator<Finding> {
  if (labels === undefined || Object.keys(labels).length === 0 || resource.namespace === ROOT_NAMESPACE) return;
  if (!knowsWorkloads(world, resource.namespace)) return;
  if (selectWorkloads(world, resource.namespace, labels).length > 0) return;
  yield nobody(resource, labels, selectionPath);
}

function* selectsNone(world: World, binding: Resource, selector: Part): Generator<Finding> {
  const matched = textsIn(selector, 'matchLabels');
  const labels = Object.keys(matched).length > 0 ? matched : textsIn(selector, 'labels');
  if (Object.keys(labels).length === 0 || !knowsWorkloads(world, binding.namespace)) return;
  if (selectWorkloads(world, binding.namespace, labels).length === 0) yield nobody(binding, labels, selector.path);
}

function nobody(resource: Resource, labels: Readonly<Record<string, string>>, path: Asking['selectionPath']): Finding {
  const written = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const message = `selects ${written.join(',')}, and no pod of ${resource.namespace} has these labels: nothing is enforced by it`;
  return finding('OST105', placeIn(resource, path), message, `kubectl -n ${resource.namespace} get pods --show-labels`);
}

function knowsWorkloads(world: World, namespace: string): boolean {
  if (world.isCluster) return world.listed.has('Pod');
  return workloadsOf(world).some((each) => each.namespace === namespace);
}

/** A bound Service has pods. */
function* leadsNowhere(world: World, binding: Resource, target: Part): Generator<Finding> {
  if ((textOf(target, 'kind') || 'Service') !== 'Service') return;
  const namespace = textOf(target, 'namespace') || binding.namespace;
  const service = findResource(world, 'Service', namespace, textOf(target, 'name'));
  const selector = service && textsIn(specOf(service), 'selector');
  if (service === undefined || selector === undefined || Object.keys(selector).length === 0) return;
  if (!knowsWorkloads(world, namespace) || selectWorkloads(world, namespace, selector).length > 0) return;
  const written = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  const message = `selects ${written.join(',')}, and no pod has these labels, though ${nameOf(binding)} is for it`;
  const remedy = `kubectl -n ${shellWord(namespace)} get pods --show-labels`;
  yield finding('OST106', placeIn(service, ['spec', 'selector']), message, remedy);
}
