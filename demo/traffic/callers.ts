import { Agent, request } from 'node:http';

export interface Call {
  readonly client: string;
  readonly method: string;
  /** With its query string, as callers send it. */
  readonly path: string;
  readonly userAgent: string;
  /** The caller leaves if there is no answer by then. */
  readonly patienceMs?: number;
}

/** What callers saw: independent of anything that Envoy or ostiary says. */
export class Callers {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #seen = new Map<string, number>();
  #underWay = 0;

  constructor(port: number) {
    this.#port = port;
  }

  /** How many have been sent and not yet ended. */
  get underWay(): number {
    return this.#underWay;
  }

  send({ client, method, path, userAgent, patienceMs }: Call): void {
    this.#underWay += 1;
    const [, base = ''] = path.split('/');
    const headers = { 'user-agent': userAgent, ...(client !== '' && { client_id: client }) };
    const call = request({ host: '127.0.0.1', port: this.#port, agent: this.#agent, method, path, headers });
    let isOver = false;
    const end = (status: number): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(patience);
      this.#underWay -= 1;
      const key = [base, client, status].join(' ');
      this.#seen.set(key, (this.#seen.get(key) ?? 0) + 1);
    };
    let patience: NodeJS.Timeout | undefined;
    if (patienceMs !== undefined) {
      // Who leaves before the request is sent has sent none.
      call.once('finish', () => {
        patience = setTimeout(() => {
          end(0);
          call.destroy();
        }, patienceMs);
      });
    }
    call.once('response', (response) => {
      response.once('end', () => end(response.statusCode ?? 0)).once('error', () => end(0));
      response.resume();
    });
    call.once('error', () => end(0));
    call.end();
  }

  /** How many requests ended so; status 0: without an answer. */
  count(which: { readonly api?: string; readonly client?: string; readonly status?: number } = {}): number {
    let sum = 0;
    for (const [key, count] of this.#seen) {
      const [api, client, status] = key.split(' ');
      if (which.api !== undefined && which.api !== api) continue;
      if (which.client !== undefined && which.client !== client) continue;
      if (which.status === undefined || String(which.status) === status) sum += count;
    }
    return sum;
  }

  close(): void {
    this.#agent.destroy();
  }
}
