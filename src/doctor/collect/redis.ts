import type { RedisAddress } from '../../redis/address.ts';
import type { RedisState } from '../redis-state.ts';
import { NotLooked } from './running.ts';
import type { RunningPorts } from './running.ts';
import { silenceOf } from './silence.ts';

export interface RedisAsked {
  readonly state: RedisState;
  /** Why its settings are not known; undefined: they are. */
  readonly withoutConfig: string | undefined;
}

const SETTINGS = ['maxmemory-policy', 'appendonly', 'save', 'stop-writes-on-bgsave-error'];
const TIMEOUT_MS = 3000;

/** INFO, CONFIG GET and TIME of one server. @throws NotLooked (rejects with it) */
export async function readRedis(address: RedisAddress, { now }: RunningPorts): Promise<RedisAsked> {
  const { Redis } = await import('ioredis');
  const { tls, ...rest } = address;
  const client = new Redis({
    ...rest,
    ...(tls && { tls: {} }),
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    retryStrategy: () => null,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
  });
  let broken: unknown;
  // What a call rejects with says less.
  client.on('error', (error) => (broken ??= error));
  try {
    await client.connect();
    const info = fieldsOf(await client.info());
    const askedAt = now();
    const [seconds = 0, microseconds = 0] = (await client.time()).map(Number);
    const answeredAt = now();
    const told = seconds * 1000 + microseconds / 1000;
    const offset = told > answeredAt ? told - answeredAt : Math.min(0, told - askedAt);
    const { config, why } = await settingsOf(client);
    const name = rest.path ?? `${rest.host ?? ''}:${rest.port ?? ''}`;
    return { state: { name, info, config, clockOffsetMs: Math.round(offset) }, withoutConfig: why };
  } catch (error) {
    throw new NotLooked(silenceOf(broken ?? error), { cause: error });
  } finally {
    client.disconnect();
  }
}

interface Asking {
  config(subcommand: 'GET', name: string): Promise<unknown>;
}

async function settingsOf(client: Asking): Promise<{ config: ReadonlyMap<string, string>; why: string | undefined }> {
  const config = new Map<string, string>();
  try {
    for (const name of SETTINGS) {
      const pair = await client.config('GET', name);
      if (Array.isArray(pair) && pair.length === 2) config.set(name, String(pair[1]));
    }
    return { config, why: undefined };
  } catch (error) {
    return { config: new Map(), why: silenceOf(error) };
  }
}

function fieldsOf(info: string): ReadonlyMap<string, string> {
  const lines = info.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}
