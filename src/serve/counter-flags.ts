import { parse } from 'yaml';
import { FileFault, UserError } from '../errors.ts';
import { readFileNow } from '../file-access.ts';
import { duration, flagName, integer, oneOf, text, toggle, variableName } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import type { CounterOptions, RedisOptions } from '../redis/counter-options.ts';
import { sharedStorageOptions, sharedStorageSchema } from './shared-storage.ts';

/** Where and how quota is counted. */
export const counterFlags = {
  redis: text(
    undefined,
    'URL,…',
    'keep counters in Redis: redis://, rediss://, unix:/path or host:port; default: in memory, for this replica alone',
  ),
  redisConfig: text(undefined, 'FILE', 'the same, from a Flex/Omni Gateway document with sharedStorage.redis'),
  redisUsername: text(undefined, 'NAME', 'the ACL user'),
  redisPasswordFile: text(undefined, 'FILE', 'file with the password of that user, instead of a password in the URL'),
  redisDb: integer(0, 0, 65_535, 'the database; a Cluster has only 0'),
  redisPrefix: text('ostiary:', 'PREFIX', 'prefix of every key in Redis; meshes that share a Redis need one each'),
  redisCluster: toggle('the URLs are nodes of a Redis Cluster'),
  redisSentinelMaster: text(undefined, 'NAME', 'the URLs are Sentinels, and this is the name of their primary'),
  redisSentinelUsername: text(undefined, 'NAME', "the Sentinels' own ACL user"),
  redisSentinelPasswordFile: text(undefined, 'FILE', 'file with the password of that user'),
  redisTlsCa: text(undefined, 'FILE', 'PEM authorities to trust; turns TLS on'),
  redisTlsCert: text(undefined, 'FILE', 'PEM client certificate; turns TLS on'),
  redisTlsKey: text(undefined, 'FILE', 'PEM key of --redis-tls-cert'),
  redisTlsServerName: text(undefined, 'NAME', "the name in Redis's certificate, if it differs from the host"),
  redisWaitReplicas: integer(0, 0, 100, 'how many replicas of Redis must have stored a lease before it is spent'),
  quota: oneOf('leased', ['exact', 'leased'], 'default counting mode of policies without one (Redis only)'),
  maxCounters: integer(
    200_000,
    1,
    100_000_000,
    'most counters for keys that callers choose, in memory or opened in Redis by each process',
  ),
  storeTimeout: duration(50, 'longest wait for the counter store', { minimumMs: 1 }),
};

type CounterFlags = FlagValues<typeof counterFlags>;

const IN_MEMORY = 'quota would be counted in memory, by each replica for itself';

/**
 * Refuses flags that look as if quota were shared although it is not.
 * @param given the flags that the command line itself gives
 * @throws UserError (exit 2)
 */
export function refuseRedisUnnamed(
  given: ReadonlySet<string>,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const variableOf = (key: string): string | undefined => environment[variableName(key)];
  const isSet = (key: string): boolean => given.has(key) || (variableOf(key) ?? '') !== '';
  if (isSet('redis') || isSet('redisConfig')) return;
  for (const key of ['redis', 'redisConfig']) {
    if (variableOf(key) === undefined) continue;
    const remedy = 'give the address of Redis, or unset it to count in memory, for each replica alone';
    throw new UserError(`${variableName(key)} is set and empty, and ${IN_MEMORY}: ${remedy}`, 2);
  }
  for (const key of Object.keys(counterFlags)) {
    if (!key.startsWith('redis') || !isSet(key)) continue;
    const name = given.has(key) ? `--${flagName(key)}` : variableName(key);
    throw new UserError(`${name} has no effect without --redis, and ${IN_MEMORY}: give --redis, or remove it`, 2);
  }
}

/** @throws UserError if a file can't be read, or flags contradict each other (exit 2) */
export function counterOptionsOf(flags: CounterFlags): CounterOptions {
  const first = redisOptionsOf(flags);
  const redis = first && { ...first, renewed: () => redisOptionsOf(flags) ?? first };
  return {
    storeTimeoutMs: flags.storeTimeout,
    quota: flags.quota,
    maxCounters: flags.maxCounters,
    ...(redis === undefined ? {} : { redis }),
  };
}

function redisOptionsOf(flags: CounterFlags): RedisOptions | undefined {
  const { redis, redisConfig } = flags;
  if (redis !== undefined && redisConfig !== undefined) {
    throw new UserError('--redis and --redis-config say the same thing; give one of the two', 2);
  }
  if (redis === undefined && redisConfig === undefined) return undefined;
  const { redisCluster, redisSentinelMaster, redisWaitReplicas } = flags;
  if (redisCluster && redisSentinelMaster !== undefined) {
    throw new UserError('--redis-cluster and --redis-sentinel-master exclude each other', 2);
  }
  if (redisCluster && redisWaitReplicas > 0) {
    throw new UserError('--redis-wait-replicas has no effect with --redis-cluster; use min-replicas-to-write', 2);
  }
  const tls = tlsOf(flags);
  return {
    urls: redis === undefined ? [] : redis.split(',').map((url) => url.trim()),
    ...(redisConfig === undefined ? {} : readSharedStorage(redisConfig)),
    ...definedOf({
      username: flags.redisUsername,
      password: secretOf(flags.redisPasswordFile, '--redis-password-file'),
      ...(flags.redisDb === 0 ? {} : { db: flags.redisDb }),
      sentinel:
        redisSentinelMaster === undefined
          ? undefined
          : {
              master: redisSentinelMaster,
              ...definedOf({
                username: flags.redisSentinelUsername,
                password: secretOf(flags.redisSentinelPasswordFile, '--redis-sentinel-password-file'),
              }),
            },
      tls,
    }),
    prefix: flags.redisPrefix,
    cluster: redisCluster,
    waitReplicas: redisWaitReplicas,
  };
}

function tlsOf(flags: CounterFlags): RedisOptions['tls'] {
  const { redisTlsCa, redisTlsCert, redisTlsKey, redisTlsServerName } = flags;
  if ((redisTlsCert === undefined) !== (redisTlsKey === undefined)) {
    throw new UserError('--redis-tls-cert and --redis-tls-key are given together or not at all', 2);
  }
  const tls = definedOf({
    ca: textOf(redisTlsCa, '--redis-tls-ca'),
    cert: textOf(redisTlsCert, '--redis-tls-cert'),
    key: textOf(redisTlsKey, '--redis-tls-key'),
    serverName: redisTlsServerName,
  });
  if (Object.keys(tls).length === 0) return undefined;
  try {
    process.getBuiltinModule('node:tls').createSecureContext(definedOf({ ca: tls.ca, cert: tls.cert, key: tls.key }));
  } catch (error) {
    // OpenSSL's message has only the kind of the fault.
    const files = [redisTlsCa, redisTlsCert, redisTlsKey].filter((file) => file !== undefined).join(', ');
    throw new UserError(
      `--redis-tls-ca, --redis-tls-cert and --redis-tls-key: ${files}: not PEM, or a key of another certificate (${(error as Error).message})`,
    );
  }
  return tls;
}

function readSharedStorage(file: string): RedisOptions {
  let document: unknown;
  try {
    document = parse(textOf(file, '--redis-config') ?? '');
  } catch (error) {
    // The parser's message would repeat a line of the file, which may contain the password.
    throw error instanceof UserError ? error : new UserError(`--redis-config: ${file} is no YAML`);
  }
  const read = sharedStorageSchema.safeParse(document);
  if (read.success) return sharedStorageOptions(read.data);
  throw new UserError(`--redis-config: ${file} needs sharedStorage.redis with address, username, password and DB`);
}

/** A final line break comes from an editor and is not part of the secret. */
function secretOf(file: string | undefined, flag: string): string | undefined {
  return textOf(file, flag)?.replace(/\r?\n$/, '');
}

const MAX_FILE_BYTES = 4 * 1024 * 1024;

function textOf(file: string | undefined, flag: string): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileNow(file, MAX_FILE_BYTES).toString('utf8');
  } catch (error) {
    if (error instanceof FileFault) throw new UserError(`${flag}: ${file} ${error.message}`);
    throw new UserError(`${flag}: ${file} can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

/** Without the keys that have no value. */
function definedOf<Value extends object>(value: Value): { [Key in keyof Value]?: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as never;
}
