import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { bodyOf } from '../../http-body.ts';
import { isObject } from '../../jwt/jwk.ts';

export interface IssuerAccess {
  /** PEM; undefined: those that Node.js knows. */
  readonly authorities: Buffer | undefined;
  readonly token: string | undefined;
}

const TIMEOUT_MS = 5000;
const MOST_BYTES = 1024 * 1024;

/**
 * The key set of an issuer, where its metadata say that it is (OpenID Connect Discovery 1.0).
 * @throws Error (rejects with it): a sentence
 */
export async function fetchIssuerKeys(issuer: string, access: IssuerAccess): Promise<unknown> {
  const place = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const metadata = await fetchJson(place, access);
  const { issuer: told, jwks_uri: keys } = isObject(metadata) ? metadata : {};
  if (told !== issuer) throw new Error(`${place} is of the issuer ${JSON.stringify(told)}`);
  if (typeof keys !== 'string' || URL.parse(keys)?.protocol !== 'https:')
    throw new Error(`${place} names no key set with https://`);
  return fetchJson(keys, access);
}

async function fetchJson(url: string, { authorities, token }: IssuerAccess): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = {
    accept: 'application/json, application/jwk-set+json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const options = { headers, ...(authorities !== undefined && { ca: authorities }), agent: false } as const;
  const call = request(url, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) }, resolve);
  call.on('error', reject);
  call.end();
  try {
    const response = await promise;
    if (response.statusCode !== 200) throw new Error(`it answers ${response.statusCode}`);
    const body = await bodyOf(response, MOST_BYTES);
    if (body === undefined) throw new Error(`it answers more than ${MOST_BYTES} bytes`);
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (error) {
    throw new Error(`${url} can't be read: ${(error as Error).message}`, { cause: error });
  } finally {
    call.destroy();
  }
}
