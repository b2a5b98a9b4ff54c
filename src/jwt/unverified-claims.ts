import { objectFrom } from './compact-token.ts';

/** Characters; a longer token is refused by whoever verifies it. */
const LONGEST = 16 * 1024;

/**
 * What a token says of itself, before anyone has verified it: good for choosing who verifies it, and for nothing else.
 * @returns undefined where it is no JWS with a JSON object
 */
export function unverifiedClaims(token: string): Readonly<Record<string, unknown>> | undefined {
  if (token.length > LONGEST) return undefined;
  const parts = token.split('.', 4);
  return parts.length === 3 ? objectFrom(Buffer.from(parts[1] ?? '', 'base64url')) : undefined;
}
