import { Redis } from 'ioredis';
import type { RealRedis } from '../real/redis.ts';

// What Redis holds, seen by another connection than the service's.

const WITHOUT_END = `local found = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  if redis.call('PTTL', key) == -1 then found[#found + 1] = key end
end
return found`;

/** Looks all the time for keys that would stay for ever. */
export class RedisView {
  readonly #redis: Redis;
  readonly #timer: NodeJS.Timeout;
  readonly withoutEnd = new Set<string>();
  /** How often it has looked. */
  looks = 0;

  constructor(redis: RealRedis, everyMs = 25) {
    this.#redis = new Redis(redis.socketPath, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    // It is killed and restarted.
    this.#redis.on('error', () => {});
    let isAsked = false;
    this.#timer = setInterval(() => {
      if (isAsked) return;
      isAsked = true;
      void this.#look().finally(() => (isAsked = false));
    }, everyMs);
  }

  /** Units used in the window of this length of every counter whose key ends so; NaN where there is none. */
  async used(keyEnds: string, windowMs: number): Promise<number> {
    const [key, ...others] = await this.#redis.keys(`*:${keyEnds}`);
    if (others.length > 0) throw new Error(`several counters end with ${keyEnds}`);
    return key === undefined ? NaN : Number((await this.#redis.hget(key, `u${windowMs}`)) ?? NaN);
  }

  /** Every counter as it is. */
  async counters(): Promise<Record<string, Record<string, string>>> {
    const all: Record<string, Record<string, string>> = {};
    for (const key of (await this.#redis.keys('*')).toSorted()) {
      if ((await this.#redis.type(key)) === 'hash') all[key] = await this.#redis.hgetall(key);
    }
    return all;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#redis.disconnect();
  }

  async #look(): Promise<void> {
    try {
      const found = (await this.#redis.eval(WITHOUT_END, 0)) as string[];
      for (const key of found) this.withoutEnd.add(key);
      this.looks += 1;
    } catch {
      // It is away or loads its data.
    }
  }
}
