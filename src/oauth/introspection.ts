import type { Clock } from '../clock.ts';
import type { Egress, EgressAnswer } from '../egress/egress.ts';
import type { TlsMaterial } from '../egress/transport.ts';
import type { Claims } from '../jwt/claims.ts';
import { isObject } from '../jwt/jwk.ts';
import { proveClient } from './client-authentication.ts';
import type { ClientAuthentication } from './client-authentication.ts';
import { ServerFault } from './fault.ts';
import type { IntrospectionEndpoint } from './server-metadata.ts';
import type { SignedAnswers } from './signed-answer.ts';

export interface IntrospectionOptions {
  readonly endpoint: IntrospectionEndpoint;
  readonly authentication: ClientAuthentication;
  /** If set, answers must be signed (RFC 9701). */
  readonly signed: SignedAnswers | undefined;
  readonly egress: Egress;
  readonly tls: TlsMaterial | undefined;
  readonly clock: Clock;
  readonly randomId: () => string;
  /** Time for one token, from the metadata to the last byte of the answer. */
  readonly timeoutMs: number;
}

/** The answer of an authorization server: the claims of a token, or that it is not (or no longer) valid. */
export type Introspected = { readonly active: true; readonly claims: Claims } | { readonly active: false };

const MAX_BYTES = 64 * 1024;
const SIGNED_TYPE = 'application/token-introspection+jwt';

/**
 * Asks the authorization server about a token (RFC 7662).
 * @throws EgressFault or ServerFault (rejects with it) if there is no usable answer
 */
export async function introspect(
  token: string,
  options: IntrospectionOptions,
  signal: AbortSignal,
): Promise<Introspected> {
  const { endpoint, authentication, signed, egress, tls, clock } = options;
  const deadline = clock.monotonic() + options.timeoutMs;
  const url = await endpoint.url(options.timeoutMs, signal);
  const proof = await proveClient(authentication, url, options);
  const timeoutMs = Math.max(1, deadline - clock.monotonic());
  let answer: EgressAnswer;
  try {
    answer = await egress.call({
      url,
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        accept: signed === undefined ? 'application/json' : SIGNED_TYPE,
        'cache-control': 'no-store',
        ...proof.headers,
      },
      body: new URLSearchParams({ token, token_type_hint: 'access_token', ...proof.parameters }).toString(),
      tls,
      timeoutMs,
      maxBytes: MAX_BYTES,
      signal,
    });
    faultOfStatus(answer.status);
  } catch (error) {
    endpoint.doubt();
    throw error;
  }
  return introspectedOf(await claimsOf(answer, signed, deadline));
}

/** @throws ServerFault */
function faultOfStatus(status: number): void {
  if (status === 200) return;
  if (status === 401 || status === 400 || status === 403) {
    throw new ServerFault(`it refuses ostiary's own credentials, or the request (${status}): see clientAuthentication`);
  }
  if (status >= 300 && status < 400) {
    throw new ServerFault(`it answers ${status}, and redirects are not followed: give the final URL`);
  }
  throw new ServerFault(`it answers ${status}`);
}

async function claimsOf(
  { contentType, text }: EgressAnswer,
  signed: SignedAnswers | undefined,
  deadline: number,
): Promise<Claims> {
  if (signed !== undefined) {
    if (contentType !== SIGNED_TYPE) throw new ServerFault(`its answer is not signed: it is no ${SIGNED_TYPE}`);
    return signed.claimsOf(text.trim(), deadline);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ServerFault('its answer is no JSON');
  }
  if (!isObject(json)) throw new ServerFault('its answer is no JSON object');
  return json;
}

/** Reads an answer (RFC 7662, 2.2). */
function introspectedOf(answer: Claims): Introspected {
  const { active, ...claims } = answer;
  if (typeof active !== 'boolean') throw new ServerFault('its answer does not say whether the token is active');
  return active ? { active, claims } : { active };
}
