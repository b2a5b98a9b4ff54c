import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { Attribute, Span } from '../../src/tracing/spans.ts';

export interface ReceivedMessage {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Uncompressed. */
  readonly body: string;
}

export interface Answering {
  readonly status: number;
  readonly body?: string;
}

/** Takes what is sent by OTLP over HTTP, and answers as it is told. */
export interface OtlpReceiver {
  readonly port: number;
  readonly messages: readonly ReceivedMessage[];
  /** All spans that came as JSON to `/v1/traces`. */
  spans(): readonly Span[];
  /** From now on, one after another, and the last for ever; null: not at all. */
  answerWith(...answerings: readonly (Answering | null)[]): void;
  close(): Promise<void>;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const messages: ReceivedMessage[] = [];
  let next: readonly (Answering | null)[] = [{ status: 200, body: '{}' }];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
      messages.push({ path: request.url ?? '', headers: request.headers, body: body.toString('utf8') });
      const answering = next[0] ?? null;
      if (next.length > 1) next = next.slice(1);
      if (answering !== null) response.writeHead(answering.status).end(answering.body);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    messages,
    spans: () => messages.filter(({ path }) => path === '/v1/traces').flatMap(({ body }) => spansIn(body)),
    answerWith(...answerings) {
      next = answerings;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

interface Message {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}

/** Of an `ExportTraceServiceRequest` as JSON: what ostiary sends, and what a Collector writes to files. */
export function spansIn(json: string): readonly Span[] {
  const { resourceSpans } = JSON.parse(json) as Message;
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

/** @param body as it was given to the transport */
export function unzipped(body: string | Uint8Array | undefined): string {
  if (!(body instanceof Uint8Array)) throw new TypeError('the body is not compressed');
  return gunzipSync(body).toString('utf8');
}

/** Values by key, numbers as text. */
export function valuesOf(attributes: readonly Attribute[]): Readonly<Record<string, string | boolean>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] as string | boolean]));
}
