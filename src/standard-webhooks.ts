import { createHmac } from 'node:crypto';

// What receivers of webhooks verify: Standard Webhooks 1.0 (standardwebhooks.com).

/** The key in a secret: base64 behind `whsec_`, or the text itself. */
export function webhookKey(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
}

/** As short as a key of HMAC-SHA256 may be that nobody guesses. */
const LEAST_KEY_BYTES = 24;

/** A sentence that says what is expected and the remedy, and never shows the secret. */
export function problemOfWebhookKey(key: Buffer): string | undefined {
  if (key.length >= LEAST_KEY_BYTES) return undefined;
  return `expected a secret of at least ${LEAST_KEY_BYTES} bytes, such as "whsec_" and the output of openssl rand -base64 32`;
}

/** The value of `webhook-timestamp`. @param now milliseconds since the Unix epoch: of this attempt */
export function webhookTimestamp(now: number): string {
  return String(Math.floor(now / 1000));
}

/** The value of `webhook-signature`. @param id that of `webhook-id` @param body as the receiver's code gets it */
export function webhookSignature(key: Buffer, id: string, timestamp: string, body: string | Uint8Array): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
}
