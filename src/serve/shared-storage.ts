import { z } from 'zod';
import type { RedisOptions } from '../redis/counter-options.ts';

/** `sharedStorage.redis` of a Flex/Omni Gateway `Configuration`. */
const redis = z.strictObject({
  address: z.string().min(1).describe('host:port, or a URL'),
  username: z.string().optional(),
  password: z.string().optional(),
  DB: z.int().min(0).optional(),
});

/** A Flex/Omni Gateway document that names a Redis: a whole `Configuration`, its `spec`, or `sharedStorage` alone. */
export const sharedStorageSchema = z.union([
  z.looseObject({ spec: z.looseObject({ sharedStorage: z.strictObject({ redis }) }) }).transform(({ spec }) => spec),
  z.looseObject({ sharedStorage: z.strictObject({ redis }) }),
]);

export function sharedStorageOptions(document: z.infer<typeof sharedStorageSchema>): RedisOptions {
  const { address, username, password, DB } = document.sharedStorage.redis;
  return {
    urls: [address],
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(DB === undefined ? {} : { db: DB }),
  };
}
