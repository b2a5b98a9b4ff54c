import { request as httpRequest, Agent as HttpAgent } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { Timers } from '../clock.ts';
import { CONNECTIONS } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { faultOfStatus, KubernetesFault } from './fault.ts';

/** One question to the API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface ApiAnswer {
  readonly status: number;
  /** What `kubectl` prints as `Warning: …`. */
  readonly warnings: readonly string[];
  /** Parsed where it is JSON; a text where it isn't. */
  readonly body: unknown;
}

export interface RequestsOptions {
  readonly endpoint: Endpoint;
  readonly timers: Timers;
  readonly userAgent: string;
  /** How long an answer may take, from the first byte to the last. */
  readonly timeoutMs: number;
}

/** No answer of an API server is as large: a chunk of a list holds at most 500 objects of 1.5 MB each, and mostly of 2 kB. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Sends requests to one API server, on connections that are kept. It follows no redirect. */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #agent: HttpAgent | Agent;

  constructor(options: RequestsOptions) {
    this.#options = options;
    const { agent, url } = options.endpoint;
    this.#agent = agent ?? (url.protocol === 'http:' ? new HttpAgent(CONNECTIONS) : new Agent(CONNECTIONS));
  }

  /** @throws KubernetesFault (rejects with it) where the answer is no success */
  async ask(asked: ApiRequest): Promise<ApiAnswer> {
    const { timers, timeoutMs } = this.#options;
    const end = new AbortController();
    const cancel = timers.after(timeoutMs, () => end.abort(new Error(`no answer within ${timeoutMs} ms`)));
    const signal = asked.signal === undefined ? end.signal : AbortSignal.any([asked.signal, end.signal]);
    try {
      const response = await this.#send(asked, signal);
      const body = parsed(await textOf(response));
      const status = response.statusCode ?? 0;
      if (status >= 300) throw this.#refusal(asked, response, body);
      return { status, body, warnings: [response.headers['warning'] ?? []].flat() };
    } catch (error) {
      throw this.#faultOf(asked, error, signal);
    } finally {
      cancel();
    }
  }

  /**
   * An answer that goes on: the pieces of its body as they come. The signal ends it.
   * @throws KubernetesFault (rejects with it) where it is refused; what breaks it later is thrown by the iteration
   */
  async stream(asked: ApiRequest, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    try {
      const response = await this.#send(asked, signal);
      if ((response.statusCode ?? 0) < 300) return response;
      throw this.#refusal(asked, response, parsed(await textOf(response)));
    } catch (error) {
      throw this.#faultOf(asked, error, signal);
    }
  }

  /** What broke a stream, as a fault. */
  broken(asked: Pick<ApiRequest, 'method' | 'path'>, error: unknown, signal: AbortSignal): KubernetesFault {
    return this.#faultOf(asked, error, signal);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send({ method, path, body, contentType, accept }: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { endpoint, userAgent } = this.#options;
    const { url } = endpoint;
    const { headers, ...access } = await endpoint.access();
    signal.throwIfAborted();
    const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const options = {
      ...access,
      method,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port),
      path: `${url.pathname.replace(/\/$/, '')}${path}`,
      agent: this.#agent,
      signal,
      headers: {
        ...headers,
        accept: accept ?? 'application/json',
        'user-agent': userAgent,
        ...(text !== undefined && { 'content-type': contentType ?? 'application/json', 'content-length': text.length }),
      },
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const outgoing: ClientRequest = url.protocol === 'http:' ? httpRequest(options) : httpsRequest(options);
    outgoing.once('response', resolve);
    // After the answer, the response tells of what breaks it; without a listener this would end the process.
    outgoing.on('error', reject);
    outgoing.end(text);
    return promise;
  }

  #refusal({ method, path }: ApiRequest, { statusCode = 0, headers }: IncomingMessage, body: unknown): KubernetesFault {
    if (statusCode === 401) this.#options.endpoint.forget();
    return faultOfStatus(`${method} ${withoutQuery(path)}`, statusCode, body, headers['retry-after']);
  }

  #faultOf(
    { method, path }: Pick<ApiRequest, 'method' | 'path'>,
    error: unknown,
    signal: AbortSignal,
  ): KubernetesFault {
    if (error instanceof KubernetesFault) return error;
    const cause: unknown = signal.aborted ? signal.reason : error;
    // Of several addresses that refuse a connection, the error has a code alone.
    const { message = '', code = '' } = Object(cause) as Partial<NodeJS.ErrnoException>;
    const why = message || code || 'it broke off';
    const { host } = this.#options.endpoint.url;
    return new KubernetesFault(`${method} ${withoutQuery(path)} at ${host}: ${why}`, {}, { cause: error });
  }
}

async function textOf(response: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response) {
    bytes += piece.length;
    if (bytes > MOST_BYTES) throw new Error(`the answer has more than ${MOST_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parsed(text: string): unknown {
  if (!text.startsWith('{') && !text.startsWith('[')) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error('the answer is not JSON', { cause: error });
  }
}

function withoutQuery(path: string): string {
  return path.replace(/\?.*$/s, '');
}
