import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { UserError } from '../errors.ts';
import { webhookKey, webhookSignature, webhookTimestamp } from '../standard-webhooks.ts';
import type { Headers } from './headers-file.ts';

/** The shortest key: HMAC-SHA256 keys of this length can't be guessed. */
const LEAST_KEY_BYTES = 24;
/** The largest text of a batch. Batches are made here, and none is as large. */
const MOST_TEXT_BYTES = 64 * 1024 * 1024;

const inflate = promisify(gunzip);

/** The same id for each repetition of a batch, also in a later process. */
export function batchId(body: Buffer): string {
  return `batch_${createHash('sha256').update(body).digest('base64url').slice(0, 22)}`;
}

/**
 * Reads the signing key from the content of a secret file.
 * @throws UserError that names flag and file, and never the secret
 */
export function signingKey(flag: string, path: string, content: string): Buffer {
  const key = webhookKey(content.trim());
  if (key.length >= LEAST_KEY_BYTES) return key;
  throw new UserError(
    `--${flag} ${path}: expected a secret of at least ${LEAST_KEY_BYTES} bytes, such as "whsec_" and the output of openssl rand -base64 32`,
  );
}

/**
 * Makes the headers that sign a batch. The signature covers the JSON before its compression, since web frameworks
 * hand over the decompressed body.
 * @param now the time of this attempt, in milliseconds since the Unix epoch
 */
export async function signatureHeaders(key: Buffer, body: Buffer, now: number): Promise<Headers> {
  const id = batchId(body);
  const timestamp = webhookTimestamp(now);
  const text = await inflate(body, { maxOutputLength: MOST_TEXT_BYTES });
  return { 'webhook-timestamp': timestamp, 'webhook-signature': webhookSignature(key, id, timestamp, text) };
}
