import { z } from 'zod';

const LONGEST_TEXT = 65_536;
const LONGEST_URL = 2048;

/** Of terms, of an API. */
export const version = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._+-]*[A-Za-z0-9])?$/, 'expected a version such as v2 or 1.4.0');

const url = z
  .string()
  .max(LONGEST_URL)
  .refine((given) => isWebAddress(given), 'expected an address such as https://example.com/terms, without a password');

function isWebAddress(given: string): boolean {
  const parsed = /^https?:\/\/[^\s\\]+$/.test(given) ? URL.parse(given) : null;
  return parsed !== null && parsed.username === '' && parsed.password === '';
}

/** Terms of use of an API. */
export const terms = z
  .strictObject({
    version: version.describe('What is accepted with a request; another one holds for new requests'),
    text: z.string().min(1).max(LONGEST_TEXT).optional().describe('The terms'),
    url: url.optional().describe('Where they stand'),
  })
  .refine((given) => given.text !== undefined || given.url !== undefined, {
    path: ['text'],
    message: 'is missing, and so is url: one of them says what is accepted',
  });
