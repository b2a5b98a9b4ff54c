import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { UserError } from '../errors.ts';
import { problemOfWebhookKey, webhookKey, webhookSignature, webhookTimestamp } from '../standard-webhooks.ts';
import type { Headers } from './headers-file.ts';

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
  const problem = problemOfWebhookKey(key);
  if (problem === undefined) return key;
  throw new UserError(`--${flag} ${path}: ${problem}`);
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
