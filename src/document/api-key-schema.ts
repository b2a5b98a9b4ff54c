import { z } from 'zod';
import { KEY_ID } from '../contract/api-key.ts';
import { moment } from './fields.ts';

/** Enough for one key in each region and version of a large application; more are probably a mistake. */
const MAX_KEYS = 100;

const id = z.string().regex(KEY_ID, 'expected the id of a key: letters, digits, "_" and "-", at most 64');
const expires = moment('From this time on the key is refused; absent: never');

const apiKey = z.union([
  z.strictObject({
    id,
    salt: z.string().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/i, 'expected 64 hex digits: SHA-256(salt + secret)'),
    expires,
  }),
  z.strictObject({ id, value: z.string().min(1).describe('What follows the dot, or $NAME; hashed at load'), expires }),
  z.strictObject({ id, file: z.string().min(1).describe('With what follows the dot, or the whole key'), expires }),
  z.strictObject({
    hmac: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, 'expected 64 hex digits, as ostiary api-key hmac prints them')
      .transform((hex) => hex.toLowerCase())
      .describe('Of a key of another form: HMAC-SHA-256 under the key of --api-key-hmac-file'),
    expires,
  }),
]);

export type ApiKeySource = z.output<typeof apiKey>;

/** `spec.apiKeys`. */
export const apiKeys = z
  .array(apiKey)
  .min(1)
  .max(MAX_KEYS)
  .superRefine((keys, context) => {
    const seen = new Set<string>();
    keys.forEach((key, index) => {
      const message = 'another key of this list is the same: one of them is enough';
      if (seen.has(nameOf(key))) context.addIssue({ code: 'custom', path: [index], message });
      seen.add(nameOf(key));
    });
  });

/** What identifies a key: no other key has it. */
export function nameOf(key: ApiKeySource): string {
  return 'hmac' in key ? `hmac ${key.hmac}` : key.id;
}
