import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { FRONTS } from './mixed-envoy.ts';
import type { MixedFront } from './mixed-envoy.ts';
import type { MixedUpstream } from './mixed-upstream.ts';

/** How a request ended, as its client saw it. */
export interface Ending {
  /** 0: the client left before any answer. */
  readonly status: number;
  /** Undefined: it was no gRPC call. */
  readonly grpcStatus?: number | undefined;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly front?: MixedFront;
  readonly body?: string;
}

export interface ClientsPorts {
  readonly port: (front: MixedFront) => number;
  readonly upstream: Pick<MixedUpstream, 'arrived'>;
}

/** Connections that are used again, as those of clients are. */
export class Clients {
  readonly #ports: ClientsPorts;
  readonly #agents = new Map(FRONTS.map((front) => [front, new Agent({ keepAlive: true })]));
  readonly #session: ClientHttp2Session;

  constructor(ports: ClientsPorts) {
    this.#ports = ports;
    this.#session = connect(`http://127.0.0.1:${ports.port('in')}`);
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#session.destroy();
  }

  /** Reads the whole answer. */
  ask(path: string, { method = 'GET', headers = {}, front = 'in', body = '' }: Asked): Promise<Ending> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.#ports.port(front), path, method, headers };
      const request = httpRequest({ ...options, agent: this.#agents.get(front) });
      request.once('error', reject);
      request.once('response', (response) => {
        response.once('end', () => resolve({ status: response.statusCode ?? 0 }));
        response.once('error', reject);
        response.resume();
      });
      request.end(body);
    });
  }

  /** Leaves once the upstream has the request, or has begun to answer. */
  async leave(path: string, headers: Readonly<Record<string, string>>): Promise<Ending> {
    const request = httpRequest({ host: '127.0.0.1', port: this.#ports.port('in'), path, headers, agent: false });
    let status = 0;
    const answered = new Promise<void>((resolve) => {
      request.once('response', (response) => {
        status = response.statusCode ?? 0;
        response.once('error', () => undefined);
        response.once('data', resolve);
      });
    });
    request.once('error', () => undefined);
    request.end();
    await this.#ports.upstream.arrived(path);
    if (path.includes('/half/')) await answered;
    request.destroy();
    return { status };
  }

  /** A unary gRPC call. */
  call(path: string, headers: Readonly<Record<string, string>>): Promise<Ending> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      });
      let status = 0;
      let grpcStatus: number | undefined;
      const read = (got: Record<string, unknown>): void => {
        status = Number(got[':status'] ?? status);
        if (got['grpc-status'] !== undefined) grpcStatus = Number(got['grpc-status']);
      };
      stream.once('response', read);
      stream.once('trailers', read);
      stream.once('error', reject);
      stream.once('end', () => resolve({ status, grpcStatus }));
      stream.resume();
      stream.end(Buffer.alloc(5));
    });
  }
}
