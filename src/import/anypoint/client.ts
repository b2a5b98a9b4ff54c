import type { Clock } from '../../clock.ts';
import { UserError } from '../../errors.ts';

/** What `fetch` answers, as far as this looks at it. */
export interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

export interface AnypointPorts {
  readonly fetch: (url: string, options: FetchOptions) => Promise<Answer>;
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<void>;
  /** For people: why nothing moves. */
  readonly tell: (line: string) => void;
}

interface FetchOptions {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** No token goes where a redirect leads. */
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
}

/** A token as it is, or what gets one, again when it has ended. */
export type Credentials = { readonly token: string } | { readonly clientId: string; readonly clientSecret: string };

const CALL_MS = 60_000;
const MOST_TRIES = 8;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 5 * 60_000;
const MOST_PAGES = 10_000;
const LARGEST_ANSWER = 64 * 1024 * 1024;

/** What `fetch` answered, of which no more is read than an answer may have. */
export function boundedAnswer(answer: Response, most: number = LARGEST_ANSWER): Answer {
  const { body, headers, status, url } = answer;
  return {
    status,
    headers,
    async text() {
      const pieces: Uint8Array[] = [];
      let bytes = 0;
      for await (const piece of body ?? []) {
        bytes += piece.length;
        if (bytes > most) throw new UserError(`${url} answered more than ${most} bytes`);
        pieces.push(piece);
      }
      return new TextDecoder().decode(Buffer.concat(pieces));
    },
  };
}

/** Reads of an Anypoint platform. A limit of it is waited for, a token that has ended is replaced where that can be. */
export class AnypointClient {
  readonly #url: string;
  readonly #credentials: Credentials;
  readonly #ports: AnypointPorts;
  #token: Promise<string> | undefined;

  /** @param url such as `https://anypoint.mulesoft.com`, or that of a region */
  constructor(url: string, credentials: Credentials, ports: AnypointPorts) {
    this.#url = platformUrl(url);
    this.#credentials = credentials;
    this.#ports = ports;
  }

  /** @returns undefined: there is no such thing, or not for us @throws UserError (rejects with it) */
  async find(path: string): Promise<unknown> {
    return this.#get(path, true);
  }

  /** @throws UserError (rejects with it) */
  async get(path: string): Promise<unknown> {
    return this.#get(path, false);
  }

  /**
   * All items of a list, page by page.
   * @param items finds them in an answer
   */
  async list(path: string, pageSize: number, items: (answer: unknown) => unknown): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const sign = path.includes('?') ? '&' : '?';
      const answer = await this.get(`${path}${sign}offset=${found.length}&limit=${pageSize}`);
      const page = items(answer);
      if (!Array.isArray(page)) throw new UserError(`${this.#url}${path} answered without the list that was expected`);
      found.push(...(page as unknown[]));
      const total = typeof answer === 'object' && answer !== null && 'total' in answer ? answer.total : undefined;
      // Some lists tell no total: they end with a page that is not full.
      const isWhole = typeof total === 'number' ? found.length >= total : page.length < pageSize;
      if (page.length === 0 || isWhole) return found;
    }
    throw new UserError(`${this.#url}${path} has sent pages without an end`);
  }

  async #get(path: string, mayBeMissing: boolean): Promise<unknown> {
    let isRenewed = false;
    for (;;) {
      const token = await this.#currentToken();
      const answer = await this.#call(path, { method: 'GET', headers: { authorization: `Bearer ${token}` } });
      if (answer.status === 200) return this.#json(path, answer);
      if (mayBeMissing && (answer.status === 403 || answer.status === 404)) return undefined;
      if (answer.status === 401 && !isRenewed && 'clientId' in this.#credentials) {
        isRenewed = true;
        this.#token = undefined;
        continue;
      }
      throw new UserError(`${this.#url}${path} answered ${answer.status}${remedyOf(answer.status)}`);
    }
  }

  #currentToken(): Promise<string> {
    if ('token' in this.#credentials) return Promise.resolve(this.#credentials.token);
    return (this.#token ??= this.#newToken(this.#credentials));
  }

  async #newToken({ clientId, clientSecret }: Exclude<Credentials, { token: string }>): Promise<string> {
    const path = '/accounts/api/v2/oauth2/token';
    const answer = await this.#call(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_id: clientId, client_secret: clientSecret, grant_type: 'client_credentials' }),
    });
    const body = answer.status === 200 ? await this.#json(path, answer) : undefined;
    const token = typeof body === 'object' && body !== null && 'access_token' in body ? body.access_token : undefined;
    if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return token;
    throw new UserError(
      `${this.#url}${path} answered ${answer.status}: ANYPOINT_CLIENT_ID and ANYPOINT_CLIENT_SECRET are those of a connected app that acts on its own behalf`,
    );
  }

  /** Waits for limits, and calls again where the platform fails. */
  async #call(path: string, options: Omit<FetchOptions, 'redirect' | 'signal'>): Promise<Answer> {
    const { fetch, sleep, tell, clock } = this.#ports;
    let pauseMs = FIRST_PAUSE_MS;
    for (let tries = 1; ; tries += 1) {
      const full = { ...options, redirect: 'manual', signal: AbortSignal.timeout(CALL_MS) } as const;
      const answer = await fetch(`${this.#url}${path}`, full).catch((error: unknown) => {
        if (tries >= MOST_TRIES) throw new UserError(`${this.#url} does not answer`, 1, { cause: error });
        return undefined;
      });
      const isOver = answer !== undefined && answer.status !== 429 && answer.status < 500;
      if (isOver) return answer;
      if (tries >= MOST_TRIES) {
        throw new UserError(`${this.#url}${path} answered ${answer?.status} ${tries} times: try again later`);
      }
      await answer?.text().catch(() => '');
      const waitMs = Math.min(LONGEST_PAUSE_MS, askedPauseMs(answer, clock.now()) ?? pauseMs);
      tell(`${answer === undefined ? 'no answer' : `answer ${answer.status}`}: waiting ${Math.ceil(waitMs / 1000)} s`);
      await sleep(waitMs);
      pauseMs *= 2;
    }
  }

  async #json(path: string, answer: Answer): Promise<unknown> {
    const text = await answer.text();
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new UserError(`${this.#url}${path} answered with something else than JSON: is it an Anypoint platform?`);
    }
  }
}

/** By `Retry-After` in seconds, or `X-RateLimit-Reset` in seconds of the Unix epoch. */
function askedPauseMs(answer: Answer | undefined, nowMs: number): number | undefined {
  const seconds = Number(answer?.headers.get('retry-after') ?? Number.NaN);
  if (seconds >= 0) return seconds * 1000;
  const resetS = Number(answer?.headers.get('x-ratelimit-reset') ?? Number.NaN);
  return resetS * 1000 > nowMs ? resetS * 1000 - nowMs : undefined;
}

function remedyOf(status: number): string {
  if (status === 401) return ': the token is wrong or has ended. Get a new one, or give a connected app';
  if (status === 403) {
    return ': the connected app or user needs the scopes View Environment, View APIs Configuration, View Contracts, View Policies and Exchange Viewer';
  }
  if (status === 404) return ': is the organization id right?';
  return '';
}

/** @throws UserError */
function platformUrl(given: string): string {
  const url = URL.parse(given);
  const isLocal = url !== null && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (url === null || (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal))) {
    throw new UserError('--url is such as https://anypoint.mulesoft.com, or that of a region', 2);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new UserError('--url is the address alone, without a password, a query or a fragment', 2);
  }
  return given.replace(/\/+$/, '');
}
