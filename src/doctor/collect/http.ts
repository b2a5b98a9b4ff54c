import { request as requestPlain } from 'node:http';
import { request as requestSecurely } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { UserError } from '../../errors.ts';

export interface Fetched {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  /** When it was asked, and when the head of the answer came: milliseconds since the Unix epoch. */
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly certificate?: { readonly notBefore: number; readonly notAfter: number; readonly names: readonly string[] };
}

export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Where to connect, in place of the URL's host. */
  readonly connectTo?: { readonly host: string; readonly port: number } | undefined;
  readonly now: () => number;
}

const TIMEOUT_MS = 5000;
/** A dump of a large mesh. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * One request, whose answer is taken as it is: redirections are not followed, and a certificate is looked at and not
 * trusted, since nothing secret is sent.
 * @throws Error (rejects with it) where nobody answers in time
 */
export function fetchOnce(url: string, options: FetchOptions): Promise<Fetched> {
  const { method = 'GET', headers = {}, timeoutMs = TIMEOUT_MS, connectTo, now } = options;
  const parsed = URL.parse(url);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol))
    throw new UserError(`${url} is no URL: expected http://host:port or https://host:port`, 2);
  const isSecure = parsed.protocol === 'https:';
  const { promise, resolve, reject } = Promise.withResolvers<Fetched>();
  const askedAt = now();
  const ask = isSecure ? requestSecurely : requestPlain;
  const outgoing = ask(
    {
      host: connectTo?.host ?? parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: connectTo?.port ?? (parsed.port === '' ? (isSecure ? 443 : 80) : Number(parsed.port)),
      path: parsed.pathname + parsed.search,
      method,
      headers: { host: parsed.host, ...headers },
      agent: false,
      ...(isSecure && { rejectUnauthorized: false, servername: parsed.hostname }),
    },
    (response) => {
      const answeredAt = now();
      const certificate = isSecure ? presentedBy(response.socket as TLSSocket) : undefined;
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BYTES) outgoing.destroy(new Error(`its answer has more than ${MOST_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const { statusCode: status = 0, headers: given } = response;
        resolve({ status, headers: given, text, askedAt, answeredAt, ...(certificate && { certificate }) });
      });
    },
  );
  outgoing.once('error', reject);
  const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  outgoing.end();
  return promise.finally(() => clearTimeout(timer));
}

function presentedBy(socket: TLSSocket): Fetched['certificate'] {
  const { valid_from: from, valid_to: to, subjectaltname = '' } = socket.getPeerCertificate();
  const names = subjectaltname.split(', ').map((each) => each.replace(/^(?:DNS|IP Address|URI):/, ''));
  return { notBefore: Date.parse(from), notAfter: Date.parse(to), names };
}

/** How far a server's clock is ahead, by its `date`, which has whole seconds. @returns undefined: it has none */
export function clockOffsetMs({ headers, askedAt, answeredAt }: Fetched): number | undefined {
  const date = Date.parse(String(headers['date'] ?? ''));
  if (Number.isNaN(date)) return undefined;
  // It was made between the two moments, and up to a second is cut off.
  if (date > answeredAt) return date - answeredAt;
  return date + 1000 < askedAt ? date + 1000 - askedAt : 0;
}
