import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressOf } from '../../grpc/peer-address.ts';
import { bodyOf } from '../../http-body.ts';
import type { PageAnswer } from './html.ts';

/** A request of a browser for a page. */
export interface PageRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly cookie: string | undefined;
  /** Of the client; empty: not known. */
  readonly address: string;
  readonly signal: AbortSignal;
  /** The browser looks ahead: nobody has asked for the page yet. */
  readonly isAhead: boolean;
  /** What a form has sent; undefined: it is none, or too large. */
  form(): Promise<URLSearchParams | undefined>;
}

const MOST_BYTES = 32 * 1024;
const FORM = 'application/x-www-form-urlencoded';

/** @param path whose query was cut off */
export function pageRequestOf(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  addressOf: AddressOf,
): PageRequest {
  const { headers, method = '', url = '' } = request;
  const left = new AbortController();
  response.once('close', () => left.abort());
  const at = url.indexOf('?');
  return {
    method,
    path,
    query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)),
    host: headers.host,
    origin: headers.origin,
    cookie: headers.cookie,
    address: addressOf(request.socket, headers['x-forwarded-for']),
    signal: left.signal,
    isAhead: /\bprefetch\b/.test(String(headers['sec-purpose'] ?? headers['purpose'] ?? '')),
    form: () => formOf(request),
  };
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() !== FORM) return undefined;
  const body = await bodyOf(request, MOST_BYTES);
  return body && new URLSearchParams(body.toString('utf8'));
}

export function sendPage(response: ServerResponse, { body, headers, status }: PageAnswer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, headers as Record<string, string | string[]>);
  response.end(body);
}
