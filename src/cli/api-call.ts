import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { UserError } from '../errors.ts';

export interface ApiAddress {
  /** `http://host:port` of `--api-listen`, or `unix:/path`. */
  readonly api: string;
  /** Where the method needs it. */
  readonly token: string | undefined;
  /** The flag that `api` is from; absent: `--api`. */
  readonly flag?: string;
}

/**
 * Calls a method of the operator's API in JSON.
 * @throws UserError if nobody answers, or the answer is an error
 */
export async function callApi(method: string, message: object, address: ApiAddress): Promise<unknown> {
  const { api, token } = address;
  const place = api.startsWith('unix:')
    ? { socketPath: api.slice('unix:'.length), host: 'localhost' }
    : hostOf(api.includes('://') ? api : `http://${api}`, address.flag ?? '--api');
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const call = request({ ...place, method: 'POST', path: method, headers }, (response) => {
    text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
  });
  call.on('error', reject);
  call.end(JSON.stringify(message));
  const answer = await promise.catch((error: unknown) => {
    throw new UserError(`${api} does not answer: is ostiary running with --api-listen there?`, 1, { cause: error });
  });
  if (answer.status === 200) return JSON.parse(answer.body);
  throw new UserError(`${api} answered ${answer.status}: ${remedyOf(answer, token)}`);
}

function hostOf(api: string, flag: string): { host: string; port: number } {
  const url = URL.parse(api);
  // A path or a password would have no effect.
  const isAddress = url?.protocol === 'http:' && url.pathname === '/' && url.username + url.search + url.hash === '';
  if (url === null || !isAddress) throw new UserError(`${flag} is ${api}: expected http://host:port or unix:/path`, 2);
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port || 80) };
}

/** The service's message is for every client; for the token, the remedy is a flag of this command. */
function remedyOf({ status, body }: { status: number; body: string }, token: string | undefined): string {
  if (status !== 401) return messageOf(body);
  return token === undefined
    ? 'this needs the API token: give --api-token-file FILE, the file that the service was started with'
    : 'the token of --api-token-file is not the one that the service was started with';
}

/** Connect's errors are JSON with a message. */
function messageOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // It is not JSON, so it is shown as it is.
  }
  return body.slice(0, 500).trim();
}

/**
 * The content of `--api-token-file`.
 * @throws UserError
 */
export function tokenOf(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UserError(`--api-token-file: ${file} can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
