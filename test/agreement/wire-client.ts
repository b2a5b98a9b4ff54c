import { connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** A request as it is put on the wire: nothing of it is checked or brought into another spelling. */
export interface WireRequest {
  readonly protocol: 'http1' | 'http2';
  readonly method: string;
  /** The request target of HTTP/1, `:path` of HTTP/2. */
  readonly target: string;
  /** `Host` of HTTP/1, `:authority` of HTTP/2. */
  readonly host: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface WireAnswer {
  /** 0: the connection or the stream ended without one. */
  readonly status: number;
  readonly body: string;
}

const NOTHING: WireAnswer = { status: 0, body: '' };

/** Keeps a connection of each kind for as long as Envoy does. */
export class WireClient {
  readonly #port: number;
  readonly #patienceMs: number;
  #socket: Socket | undefined;
  #session: ClientHttp2Session | undefined;

  /** @param patienceMs for an answer: Envoy waits for more of what it takes for the beginning of a request */
  constructor(port: number, patienceMs: number) {
    this.#port = port;
    this.#patienceMs = patienceMs;
  }

  send(request: WireRequest): Promise<WireAnswer> {
    return request.protocol === 'http1' ? this.#sendHttp1(request) : this.#sendHttp2(request);
  }

  close(): void {
    this.#socket?.destroy();
    this.#session?.destroy();
  }

  async #sendHttp1({ method, target, host, headers }: WireRequest): Promise<WireAnswer> {
    const lines = [
      `${method} ${target} HTTP/1.1`,
      `Host: ${host}`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
    ];
    const socket = (this.#socket ??= connect({ port: this.#port, host: '127.0.0.1', noDelay: true }));
    const answer = await new Promise<WireAnswer>((resolve) => {
      let received = '';
      const done = (found: WireAnswer, keep: boolean): void => {
        socket.removeAllListeners();
        socket.setTimeout(0);
        socket.on('error', () => undefined);
        if (!keep) {
          socket.destroy();
          this.#socket = undefined;
        }
        resolve(found);
      };
      socket.on('data', (bytes) => {
        received += bytes.toString('latin1');
        const end = received.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = received.slice(0, end);
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (/\r\ntransfer-encoding:/i.test(head) || (received.length < end + 4 + length && method !== 'HEAD')) return;
        const status = Number(head.slice(9, 12));
        done(
          { status, body: received.slice(end + 4) },
          !/\r\nconnection: close/i.test(head) && received.length === end + 4 + length,
        );
      });
      socket.setTimeout(this.#patienceMs, () => done(NOTHING, false));
      socket.on('error', () => done(NOTHING, false));
      socket.on('close', () =>
        done(received === '' ? NOTHING : { status: Number(received.slice(9, 12)), body: '' }, false),
      );
      socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
    });
    return answer;
  }

  async #sendHttp2({ method, target, host, headers }: WireRequest): Promise<WireAnswer> {
    if (this.#session === undefined || this.#session.closed || this.#session.destroyed) {
      this.#session = connectHttp2(`http://127.0.0.1:${this.#port}`);
      this.#session.on('error', () => undefined);
    }
    const fields: Record<string, string | string[]> = { ':method': method, ':path': target, ':authority': host };
    for (const [name, value] of headers) {
      const lower = name.toLowerCase();
      const earlier = fields[lower];
      fields[lower] = earlier === undefined ? value : [earlier, value].flat();
    }
    const session = this.#session;
    return new Promise((resolve) => {
      let status = 0;
      let body = '';
      try {
        const stream = session.request(fields);
        stream.setEncoding('latin1');
        stream.on('response', (answer) => (status = Number(answer[':status'])));
        stream.on('data', (text: string) => (body += text));
        stream.on('error', () => undefined);
        stream.setTimeout(this.#patienceMs, () => stream.close());
        stream.on('close', () => resolve({ status, body }));
        stream.end();
      } catch {
        // Node itself refuses to send it: it never leaves this machine.
        resolve(NOTHING);
      }
    });
  }
}
