import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A call of the introspection endpoint, as it arrived. */
export interface Introspection {
  readonly headers: IncomingMessage['headers'];
  readonly parameters: URLSearchParams;
}

type Answering = (introspection: Introspection, response: ServerResponse) => unknown;

/** A real HTTP server that introspects as a test says: slowly, not at all, with garbage. It counts what it is asked. */
export class AuthorizationServer {
  readonly calls: Introspection[] = [];
  /** Most calls at once. */
  most = 0;
  /** By token; of any other the server says that it is not active. */
  readonly active = new Map<string, Readonly<Record<string, unknown>>>();
  answer: Answering = (introspection, response) => this.#introspect(introspection, response);
  /** What its metadata say beside, or instead. */
  metadata: Readonly<Record<string, unknown>> = {};
  /** Of a key set, if it has one. */
  keySet = '{"keys":[]}';
  asksForMetadata = 0;
  readonly #server: Server;
  #open = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      if (request.url === '/.well-known/openid-configuration') {
        this.asksForMetadata += 1;
        const own = { issuer: this.issuer, introspection_endpoint: this.url, jwks_uri: `${this.issuer}/jwks` };
        response.end(JSON.stringify({ ...own, ...this.metadata }));
      } else if (request.url === '/jwks') response.end(this.keySet);
      else void this.#take(request, response);
    });
  }

  static async start(): Promise<AuthorizationServer> {
    const server = new AuthorizationServer();
    await new Promise<void>((resolve) => {
      server.#server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `${this.issuer}/introspect`;
  }

  /** Connections that are open stay so and are not answered. */
  hang(): void {
    this.answer = () => {};
  }

  reply(status: number, body: string, contentType = 'application/json'): void {
    this.answer = (_introspection, response) => response.writeHead(status, { 'content-type': contentType }).end(body);
  }

  /** Back to what it does at first. */
  recover(): void {
    this.answer = (introspection, response) => this.#introspect(introspection, response);
  }

  #introspect({ parameters }: Introspection, response: ServerResponse): void {
    const claims = this.active.get(parameters.get('token') ?? '');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(claims === undefined ? { active: false } : { active: true, ...claims }));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#open += 1;
    this.most = Math.max(this.most, this.#open);
    response.once('close', () => (this.#open -= 1));
    const introspection = { headers: request.headers, parameters: new URLSearchParams(await text(request)) };
    this.calls.push(introspection);
    await this.answer(introspection, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}
