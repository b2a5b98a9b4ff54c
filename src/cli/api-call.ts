import { readFileSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import { request as requestSecurely } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { UserError } from '../errors.ts';
import { shown } from './analytics/shown.ts';

export interface ApiAddress {
  /** `http://host:port` of `--api-listen`, or `unix:/path`. */
  readonly api: string;
  /** Where the method needs it. */
  readonly token: string | undefined;
  /** The flag that `api` is from; absent: `--api`. */
  readonly flag?: string;
  /** What the caller is told where it is not the operator's API of a sidecar. */
  readonly remedies?: Remedies;
  /** Set: `https://` is spoken too, and these authorities are believed besides; PEM. */
  readonly tls?: { readonly authorities: string | undefined };
  /** For the whole answer, and the flag that it is from; absent: as long as it takes. */
  readonly timeout?: { readonly ms: number; readonly flag: string };
}

/** The ends of sentences that say what to do. */
export interface Remedies {
  /** Nobody answers. */
  readonly silent: string;
  readonly noToken: string;
  readonly wrongToken: string;
}

const OPERATOR: Remedies = {
  silent: 'is ostiary running with --api-listen there?',
  noToken: 'this needs the API token: give --api-token-file FILE, the file that the service was started with',
  wrongToken: 'the token of --api-token-file is not the one that the service was started with',
};

/**
 * Calls a method of the operator's API in JSON.
 * @throws UserError if nobody answers, or the answer is an error
 */
export async function callApi(method: string, message: object, address: ApiAddress): Promise<unknown> {
  const { api, token, timeout } = address;
  const place = placeOf(address);
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const request = place.isSecure === true ? requestSecurely : requestPlain;
  const call = request({ ...place, method: 'POST', path: method, headers }, (response) => {
    textOf(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
  });
  call.on('error', reject);
  call.end(JSON.stringify(message));
  const timer = timeout && setTimeout(() => call.destroy(lateFault(api, timeout)), timeout.ms);
  const answer = await promise
    .finally(() => clearTimeout(timer))
    .catch((error: unknown) => {
      throw silence(error, address);
    });
  if (answer.status === 200) return jsonOf(answer.body, api);
  throw refusalOf(answer, address);
}

/** What is told where no answer has come. */
export function silence(error: unknown, { api, remedies = OPERATOR }: ApiAddress): UserError {
  if (error instanceof UserError) return error;
  return new UserError(`${api} does not answer${causeOf(error)}: ${remedies.silent}`, 1, { cause: error });
}

/** What is told of an answer that is an error. */
export function refusalOf(
  answer: { readonly status: number; readonly body: string },
  { api, token, remedies = OPERATOR }: ApiAddress,
): ApiRefusal {
  return new ApiRefusal(`${remedyOf(answer, token, remedies)} (${api} answered ${answer.status})`, answer.status);
}

function lateFault(api: string, { ms, flag }: { readonly ms: number; readonly flag: string }): UserError {
  return new UserError(`${api} has not answered within ${ms / 1000} s: try again, or give it longer by ${flag}`);
}

/** Larger than any answer that the service gives. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) {
      throw new UserError(`the answer has more than ${MAX_ANSWER_BYTES} bytes: is this ostiary?`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(body: string, api: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new UserError(`${api} answered with something else than JSON: is this ostiary?`, 1, { cause: error });
  }
}

/** The service answered, and not with what was asked for. */
export class ApiRefusal extends UserError {
  override name = 'ApiRefusal';
  /** Of HTTP. */
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

export interface CalledPlace {
  readonly socketPath?: string;
  readonly host: string;
  readonly port?: number;
  readonly isSecure?: boolean;
  readonly ca?: string;
}

export function placeOf({ api, flag = '--api', tls }: ApiAddress): CalledPlace {
  if (api.startsWith('unix:')) return { socketPath: api.slice('unix:'.length), host: 'localhost' };
  const url = URL.parse(api.includes('://') ? api : `http://${api}`);
  const isSecure = tls !== undefined && url?.protocol === 'https:';
  // A path or a password would have no effect.
  const isAddress =
    (isSecure || url?.protocol === 'http:') && url.pathname === '/' && url.username + url.search + url.hash === '';
  if (url === null || !isAddress) {
    const expected = tls === undefined ? 'http://host:port' : 'https://host:port, http://host:port';
    throw new UserError(`${flag} is ${api}: expected ${expected} or unix:/path`, 2);
  }
  const place = { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port || (isSecure ? 443 : 80)) };
  if (!isSecure) return place;
  return { ...place, isSecure, ...(tls.authorities !== undefined && { ca: tls.authorities }) };
}

/** Of TLS: who does not trust a certificate must know why. */
function causeOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  // What TLS says of an answer that is none.
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER') return ' in TLS';
  if (code.startsWith('HPE_')) return ' in HTTP/1.1';
  return /CERT|SELF_SIGNED|ALTNAME|^ERR_SSL|^ERR_TLS/.test(code) ? ` (${message})` : '';
}

/** The service's message is for every client; for the token, the remedy is a flag of this command. */
function remedyOf(
  { status, body }: { status: number; body: string },
  token: string | undefined,
  remedies: Remedies,
): string {
  if (status !== 401) return messageOf(body);
  return token === undefined ? remedies.noToken : remedies.wrongToken;
}

/** Connect's errors are JSON with a message. */
function messageOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string') return shown(message);
  } catch {
    // It is not JSON, so it is shown as it is.
  }
  return shown(body.slice(0, 500).trim());
}

/**
 * The content of the file with a token.
 * @throws UserError
 */
export function tokenOf(file: string | undefined, flag = '--api-token-file'): string | undefined {
  if (file === undefined) return undefined;
  try {
    return checkedToken(readFileSync(file, 'utf8'), `${flag}: ${file}`);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${flag}: ${file} can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/**
 * The token in a text, as a header can have it (RFC 6750, section 2.1).
 * @param origin where the text is from
 * @throws UserError where it is another text, which is not shown: it may be a secret
 */
export function checkedToken(text: string, origin: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UserError(`${origin} has no token: expected one, in one line`);
}
