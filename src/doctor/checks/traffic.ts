import { shellWord } from '../../commented-lines.ts';
import { fieldOf, numberOf, partOf, partsOf, textOf } from '../../generate/envoy-value.ts';
import { finding } from '../finding.ts';
import type { Finding, Place } from '../finding.ts';
import { placeIn } from '../resource.ts';
import type { Sample, ServiceState } from '../service-state.ts';
import { flagOf, hasContainer, ostiaryContainersOf, templateOf, workloadsOf } from '../workload.ts';
import { ofKind } from '../world.ts';
import type { World } from '../world.ts';

/** What has passed, what will, and who enforces something old. */
export function* trafficChecks(world: World): Generator<Finding> {
  const makers = world.isCluster ? world.resources.flatMap((each) => templateOf(each) ?? []) : workloadsOf(world);
  for (const workload of makers) {
    for (const container of ostiaryContainersOf(workload)) {
      if (flagOf(container, 'unmatched') !== 'allow') continue;
      const message = '--unmatched=allow lets every request pass that no API matches';
      const remedy = 'helm upgrade … --set unmatched=deny  # after an Api for what is meant to pass';
      yield finding('OST701', placeIn(workload.resource, fieldOf(container, 'args').path), message, remedy);
    }
  }
  for (const state of world.services) yield* ofService(state);
  if (world.isCluster) yield* unready(world);
  for (const { node, of, stale } of world.sidecars) {
    if (stale === undefined) continue;
    const place: Place = { object: `sidecar ${node}`, field: '' };
    yield finding(
      'OST704',
      place,
      stale,
      `ostiary sidecars --server ${shellWord(of)}\nostiary tail --node ${shellWord(node)}`,
    );
  }
  for (const binding of ofKind(world, 'ApiBinding')) yield* unprogrammed(binding);
}

function* ofService({ name, notReady, metrics }: ServiceState): Generator<Finding> {
  const place = (field: string): Place => ({ object: `ostiary ${name}`, field });
  if (notReady !== undefined) {
    yield finding('OST309', place('/readyz'), `is not ready: ${notReady}`, `curl -s ${shellWord(`${name}/readyz`)}`);
  }
  const isUnmatched = ({ labels }: Sample): boolean => labels['reason'] === 'api_unknown';
  const unmatched = sumOf(metrics, 'ostiary_checks_total', isUnmatched);
  if (unmatched > 0) {
    const message = `${unmatched} requests since its start matched no API`;
    const remedy =
      'ostiary analytics samples --reason api_unknown --api-token-file token  # then an Api for them, or nothing';
    yield finding('OST702', place('ostiary_checks_total'), message, remedy);
  }
  const unchecked = sumOf(metrics, 'ostiary_unchecked_requests_total', () => true);
  if (unchecked > 0) {
    const where = metrics.filter((each) => each.name === 'ostiary_unchecked_requests_total' && each.value > 0);
    const which = where.map(({ labels }) => `${labels['service'] ?? ''} at ${labels['destination'] ?? ''}`).slice(0, 3);
    const message = `${unchecked} requests went to an upstream without a decision: ${which.join(', ')}`;
    const remedy = `ostiary doctor --envoy-admin URL  # of that Envoy: a route or a listener does not ask`;
    yield finding('OST703', place('ostiary_unchecked_requests_total'), message, remedy);
  }
  const connected = metrics.find((each) => each.name === 'ostiary_control_connected');
  if (connected?.value === 0) {
    yield finding(
      'OST704',
      place('ostiary_control_connected'),
      'follows no control plane now: changes do not come',
      `curl -s ${shellWord(`${name}/readyz`)}`,
    );
  }
}

function sumOf(metrics: readonly Sample[], name: string, fits: (sample: Sample) => boolean): number {
  let sum = 0;
  for (const each of metrics) if (each.name === name && fits(each)) sum += each.value;
  return sum;
}

/** Pods of ostiary, and with an ostiary, that are not ready. */
function* unready(world: World): Generator<Finding> {
  for (const { resource, namespace } of workloadsOf(world).filter((each) => hasContainer(each, 'ostiary'))) {
    const status = partOf(resource.root, 'status');
    if (status === undefined) continue;
    const states = [...partsOf(status, 'containerStatuses'), ...partsOf(status, 'initContainerStatuses')];
    const own = states.find((each) => textOf(each, 'name') === 'ostiary');
    if (own === undefined || own.value['ready'] === true) continue;
    const restarts = numberOf(own, 'restartCount') ?? 0;
    const message = `its container ostiary is not ready${restarts > 0 ? `, and has restarted ${restarts} times` : ''}`;
    yield finding(
      'OST309',
      placeIn(resource, own.path),
      message,
      `kubectl -n ${namespace} logs ${resource.name} -c ostiary --tail 50`,
    );
  }
}

/** What a binding says of itself. */
function* unprogrammed(binding: Parameters<typeof placeIn>[0]): Generator<Finding> {
  const status = partOf(binding.root, 'status');
  if (status === undefined) return;
  const generation = numberOf(partOf(binding.root, 'metadata') ?? binding.root, 'generation');
  for (const condition of partsOf(status, 'conditions')) {
    const [type, holds] = [textOf(condition, 'type'), textOf(condition, 'status')];
    if (!['Accepted', 'ResolvedRefs', 'Programmed'].includes(type)) continue;
    const observed = numberOf(condition, 'observedGeneration');
    const isOld = generation !== undefined && observed !== undefined && observed < generation;
    if (holds === 'True' && !isOld) continue;
    const why = isOld
      ? `tells of generation ${observed}, and it is at ${generation}`
      : `${textOf(condition, 'reason')}: ${textOf(condition, 'message')}`;
    const remedy = `kubectl -n ${binding.namespace} describe apibinding ${binding.name}`;
    yield finding('OST705', placeIn(binding, condition.path), `${type} is ${holds}: ${why}`, remedy);
  }
}
