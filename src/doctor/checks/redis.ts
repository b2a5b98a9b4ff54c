import { shellWord } from '../../commented-lines.ts';
import { fieldOf, partsOf, textOf } from '../../generate/envoy-value.ts';
import type { Part } from '../../generate/envoy-value.ts';
import { finding } from '../finding.ts';
import type { Finding, Place } from '../finding.ts';
import type { RedisState } from '../redis-state.ts';
import { placeIn } from '../resource.ts';
import { ostiaryContainersOf, templateOf, workloadsOf } from '../workload.ts';
import type { Workload } from '../workload.ts';
import type { World } from '../world.ts';

/** Above it a counter may soon find no room. */
const FULL = 0.9;

export function* redisChecks(world: World): Generator<Finding> {
  for (const state of world.redis) yield* oneRedis(state);
  const running = workloadsOf(world);
  const makers = world.isCluster ? world.resources.flatMap((each) => templateOf(each) ?? []) : [];
  for (const workload of makers.length > 0 ? makers : running) yield* passwordsIn(workload);
}

function* oneRedis({ name, info, config }: RedisState): Generator<Finding> {
  const place: Place = { object: `Redis ${name}`, field: '' };
  const cli = `redis-cli -u ${shellWord(`redis://${name}`)}`;
  const policy = config.get('maxmemory-policy') ?? info.get('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    const message = `maxmemory-policy is ${policy}: a counter that is evicted starts anew, and its quota is admitted twice`;
    const remedy = `${cli} CONFIG SET maxmemory-policy noeviction && ${cli} CONFIG REWRITE`;
    yield finding('OST401', { ...place, field: 'maxmemory-policy' }, message, remedy);
  }
  const appends = config.get('appendonly') ?? (info.get('aof_enabled') === '1' ? 'yes' : 'no');
  const saves = config.get('save');
  // Whoever may not ask CONFIG knows nothing of `save`.
  if (appends === 'no' && saves === '') {
    const message = 'keeps nothing on disk (appendonly no, save ""): after a restart every quota starts anew';
    const remedy = `${cli} CONFIG SET appendonly yes && ${cli} CONFIG REWRITE`;
    yield finding('OST402', { ...place, field: 'appendonly' }, message, remedy);
  }
  const [most, used] = [Number(info.get('maxmemory') ?? 0), Number(info.get('used_memory') ?? 0)];
  if (most > 0 && used / most >= FULL) {
    const message = `${Math.floor((used / most) * 100)} % of maxmemory is used: beyond it, counters can't be written and onStoreFailure decides`;
    yield finding('OST403', { ...place, field: 'maxmemory' }, message, `${cli} CONFIG SET maxmemory ${most * 2}`);
  }
  const role = info.get('role');
  if (role !== undefined && role !== 'master') {
    const message = `is a replica of ${info.get('master_host') ?? 'another'}, which takes no writes: onStoreFailure decides every request`;
    const remedy = `--redis ${shellWord(`redis://${info.get('master_host') ?? 'PRIMARY'}:${info.get('master_port') ?? '6379'}`)}  # or --redis-sentinel-master NAME`;
    yield finding('OST404', { ...place, field: 'role' }, message, remedy);
  }
  if (info.get('rdb_last_bgsave_status') === 'err' && config.get('stop-writes-on-bgsave-error') !== 'no') {
    const message = 'its last save has failed, so it refuses writes (stop-writes-on-bgsave-error)';
    yield finding(
      'OST404',
      { ...place, field: 'rdb_last_bgsave_status' },
      message,
      `${cli} BGSAVE  # then INFO persistence`,
    );
  }
}

const WITH_PASSWORD = /(?:rediss?:\/\/)[^/\s,]*:[^/\s,@]+@/;

function* passwordsIn(workload: Workload): Generator<Finding> {
  for (const container of ostiaryContainersOf(workload)) {
    const args = fieldOf(container, 'args');
    const at = Array.isArray(args.value) ? args.value.findIndex((each) => WITH_PASSWORD.test(String(each))) : -1;
    const variable = partsOf(container, 'env').find((each) => WITH_PASSWORD.test(textOf(each, 'value')));
    if (at >= 0) yield told(workload, [...args.path, at]);
    if (variable !== undefined) yield told(workload, [...variable.path, 'value']);
  }
}

function told({ resource, namespace }: Workload, path: Part['path']): Finding {
  const message = 'has a URL of Redis with its password, which everybody reads who may read the workload';
  const remedy = `kubectl -n ${namespace} create secret generic ostiary-redis --from-literal=url='redis://USER:PASSWORD@HOST:6379'\n# with the chart: redis.existingSecret={name: ostiary-redis, key: url}`;
  return finding('OST405', placeIn(resource, path), message, remedy);
}
