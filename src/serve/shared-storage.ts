import { z } from 'zod';
import type { RedisOptions } from '../redis/counter-options.ts';

/** `sharedStorage.redis` of a Flex/Omni Gateway `Configuration`. */
const redis = z.strictObject({
  address: z.string().min(1).describe('host:port, or a URL'),
  username: z.string().optional(),
  user: z.string().optional().describe('username, as some pages of the gateway spell it'),
  password: z.string().optional(),
  DB: z.int().min(0).optional(),
  db: z.int().min(0).optional().describe('DB, as the table of the gateway spells it'),
});

/** A Flex/Omni Gateway document that names a Redis: a whole `Configuration`, its `spec`, or `sharedStorage` alone. */
export const sharedStorageSchema = z.union([
  z.looseObject({ spec: z.looseObject({ sharedStorage: z.strictObject({ redis }) }) }).transform(({ spec }) => spec),
  z.looseObject({ sharedStorage: z.strictObject({ redis }) }),
]);

export function sharedStorageOptions(document: z.infer<typeof sharedStorageSchema>): RedisOptions {
  const { redis: written } = document.sharedStorage;
  const { address, username = written.user, password, DB = written.db } = written;
  return {
    urls: [address],
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(DB === undefined ? {} : { db: DB }),
  };
}
