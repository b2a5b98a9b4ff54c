import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createPlainServer } from 'node:net';
import type { AddressInfo, Server as PlainServer, Socket } from 'node:net';

/** Secrets that are found again wherever they come out, in any of the forms in which a program may write them. */
export class Markers {
  readonly #secrets = new Map<string, string>();

  /** A new secret for a place, long enough for every rule. */
  mark(place: string): string {
    const secret = `mark-${this.#secrets.size}-${place.replaceAll(/[^a-z]/gi, '')}-0123456789abcdef0123456789`;
    this.#secrets.set(place, secret);
    return secret;
  }

  /** A secret that somebody has made. @param least how long it is at least */
  know(place: string, secret: unknown, least = 16): void {
    if (typeof secret !== 'string' || secret.length < least) throw new TypeError(`${place}: no secret came back`);
    this.#secrets.set(place, secret);
  }

  get count(): number {
    return this.#secrets.size;
  }

  /** The places whose secret is in a text, as it is or encoded. */
  foundIn(text: string): readonly string[] {
    return [...this.#secrets].flatMap(([place, secret]) =>
      formsOf(secret).some((form) => text.includes(form)) ? [place] : [],
    );
  }
}

const LEAST_FOUND = 8;

function formsOf(secret: string): readonly string[] {
  // In base64 wherever it begins, without what the text around it decides.
  const inside = [0, 1, 2].map((shift) =>
    Buffer.from(`${' '.repeat(shift)}${secret}`)
      .toString('base64')
      .slice(4, -4),
  );
  const forms = [
    secret,
    secret.slice(0, 24),
    Buffer.from(secret).toString('hex'),
    encodeURIComponent(secret),
    ...inside,
  ];
  // What is shorter is found by chance.
  return forms.filter(({ length }) => length >= LEAST_FOUND);
}

/** What a receiver of webhooks was sent. */
export async function openWebhookReceiver(): Promise<{ readonly url: string; text(): string; close(): void }> {
  let text = '';
  const server: Server = createServer((request, response) => {
    text += `${request.url}\n${JSON.stringify(request.headers)}\n`;
    request.on('data', (data) => (text += String(data)));
    request.on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, text: () => text, close: () => void server.close() };
}

/** What syslog was sent. */
export async function openSyslogReceiver(): Promise<{ readonly url: string; text(): string; close(): void }> {
  let text = '';
  const sockets = new Set<Socket>();
  const server: PlainServer = createPlainServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => (text += String(data)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `tcp://127.0.0.1:${port}`,
    text: () => text,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
