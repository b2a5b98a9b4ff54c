import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { RpcError } from '../grpc/rpc.ts';
import type { UnaryHandler } from '../grpc/rpc.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import { canonicalHeaderName } from '../request/header-name.ts';
import type { Allowed, Ended } from './check-messages.ts';
import { forwardedRequest, OF_CONNECTION } from './forwarded-request.ts';
import type { ForwardedRequest } from './forwarded-request.ts';
import { PROFILES } from './profiles.ts';
import type { Profile, ProfileName } from './profiles.ts';
import type { Refusal, RefusalReason } from './refusal.ts';

export interface AnsweringOptions {
  readonly profile: ProfileName;
  /** The handler of `envoy.service.auth.v3.Authorization/Check`. */
  readonly check: UnaryHandler;
  /** Canonical names of the headers that ostiary sets for upstreams. */
  readonly ownedHeaders: () => ReadonlySet<string>;
  /** Lower-case names of headers that the proxy's configuration removes from each request, or sets itself. */
  readonly stripped: ReadonlySet<string>;
  readonly clock: Clock;
  readonly onRefused: (reason: RefusalReason, why: string) => void;
  readonly onFailure: (path: string, error: unknown) => void;
}

/** The longest that a decision may wait for keys or counters. */
const DECISION_MS = 5000;
/** The most headers of a request. Envoy accepts 100. */
const MAX_HEADERS = 1000;
const JSON_BODY: readonly HeaderEntry[] = [['content-type', 'application/json']];

export interface Answering {
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
  refuse(response: ServerResponse, refusal: Refusal): void;
}

/** Answers the questions of one proxy. A failure is a denial: no error in this process lets a request pass. */
export async function createAnswering(options: AnsweringOptions): Promise<Answering> {
  const { checkRequestOf, httpAnswerOf } = await import('./check-messages.ts');
  const profile: Profile = PROFILES[options.profile];
  const { changes } = profile;

  async function decide(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', rawHeaders } = request;
    if (rawHeaders.length > 2 * MAX_HEADERS) {
      const why = `the request has more than ${MAX_HEADERS} headers`;
      return refuse(response, { reason: 'message_malformed', status: 431, why });
    }
    const asked = forwardedRequest({ method, url, headers: entriesOf(rawHeaders) }, profile);
    if (typeof asked === 'string') return refuse(response, { reason: 'request_untold', status: 400, why: asked });
    const claimed = changes === undefined ? ownedHeaderOf(asked) : undefined;
    // The proxy would pass the header on, and the upstream would believe that ostiary set it.
    if (claimed !== undefined) {
      const why = `the request has the header ${claimed}, or another spelling of it, which only ostiary sets`;
      return refuse(response, { reason: 'header_owned', status: 403, why });
    }
    const abort = new AbortController();
    response.once('close', () => abort.abort());
    const call = {
      deadline: options.clock.monotonic() + DECISION_MS,
      signal: abort.signal,
      connection: request.socket,
    };
    const bytes = await options.check(checkRequestOf(asked), call);
    const answer = httpAnswerOf(bytes, asked.headers);
    if (answer.isAllowed) allow(response, asked, answer);
    else end(response, answer);
  }

  function allow(response: ServerResponse, asked: ForwardedRequest, allowed: Allowed): void {
    const { upstream, caller, remove } = allowed;
    const names = upstream.map(([name]) => name);
    if (changes === undefined) {
      const kept = [...remove, ...names].find((name) => asked.headers.has(name) && !options.stripped.has(name));
      if (kept !== undefined) {
        const why = `the proxy would pass on the header ${canonicalHeaderName(kept)}: see --http-stripped`;
        return refuse(response, { reason: 'header_kept', status: 403, why });
      }
    } else {
      if (remove.length > 0) response.setHeader(changes.removed, remove.join(','));
      if (changes.set !== undefined && names.length > 0) response.setHeader(changes.set, names.join(','));
    }
    tell(response, upstream);
    // The proxy can't distinguish two headers of the same name, so they are joined.
    tell(
      response,
      caller.filter(([name]) => !names.includes(name)),
    );
    if (!response.hasHeader('cache-control')) response.setHeader('cache-control', 'no-store');
    response.writeHead(200).end();
  }

  function end(response: ServerResponse, { status: decided, caller, body }: Ended): void {
    // Any success can answer a preflight (Fetch, 4.8), but 200 would be an allow.
    const status = decided === 200 && body === '' ? 204 : decided;
    const passed = profile.passesOn(status) ? status : 403;
    tell(response, caller);
    response.setHeader('x-ostiary-status', String(status));
    response.setHeader('cache-control', 'no-store');
    response.writeHead(passed).end(passed === 204 ? undefined : body);
  }

  function refuse(response: ServerResponse, { reason, status, why }: Refusal): void {
    options.onRefused(reason, why);
    if (response.destroyed) return;
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    end(response, { isAllowed: false, status, caller: JSON_BODY, body: JSON.stringify({ error: why }) });
  }

  function ownedHeaderOf({ headers }: ForwardedRequest): string | undefined {
    const owned = options.ownedHeaders();
    for (const name of headers.keys()) {
      const canonical = canonicalHeaderName(name);
      if (owned.has(canonical) && !options.stripped.has(name)) return canonical;
    }
    return undefined;
  }

  return {
    async answer(request, response) {
      try {
        await decide(request, response);
      } catch (error) {
        // The proxy has closed the connection.
        if (response.destroyed) return;
        if (!(error instanceof RpcError)) options.onFailure('http', error);
        if (response.headersSent) response.destroy();
        else refuse(response, { reason: 'undecided', status: 503, why: 'no decision could be made' });
      }
    },
    refuse,
  };
}

/** Sets headers. Node writes each character of a header as one octet (Latin-1); our values are sent as UTF-8. */
function tell(response: ServerResponse, headers: readonly HeaderEntry[]): void {
  for (const [name, value] of headers) {
    if (!OF_CONNECTION.has(name)) response.appendHeader(name, Buffer.from(value, 'utf8').toString('latin1'));
  }
}

/**
 * Returns each header as often as it was sent, with its name in lower case. (Node's `headers` drops some repeated
 * headers.) Octets that are not UTF-8 become U+FFFD.
 */
function entriesOf(rawHeaders: readonly string[]): HeaderEntry[] {
  const headers: HeaderEntry[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const value = Buffer.from(rawHeaders[i + 1] as string, 'latin1').toString('utf8');
    headers.push([(rawHeaders[i] as string).toLowerCase(), value]);
  }
  return headers;
}
