import { keysFromSet } from './jwk.ts';
import type { KeySetContent } from './jwk.ts';
import { FetchFault } from './key-set-fetch.ts';

/**
 * Reads the text of a fetched key set.
 * @throws FetchFault
 */
export function contentOf(text: string): KeySetContent {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new FetchFault('malformed', 'it answers no JSON');
  }
  try {
    return keysFromSet(json, 'public');
  } catch (error) {
    throw new FetchFault('malformed', error instanceof TypeError ? error.message : 'it answers no JWK set');
  }
}
