import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect } from 'vitest';
import { loggingClient } from '../analytics/logging-client.ts';
import type { LoggingClient } from '../analytics/logging-client.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { credentials, documentsFolder } from './documents.ts';
import { shop } from './shop.ts';

export const PATIENCE = { timeout: 60_000, interval: 100 };
const GOLD = credentials('gold');

export const endings: (() => unknown)[] = [];
/** Ends what a test has started. */
export function endAfterEach(): void {
  afterEach(async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  });
}

export async function start(args: readonly string[]): Promise<{ ostiary: RealOstiary; client: LoggingClient }> {
  const drain = ['--drain', '2s', '--drain-delay', '10ms', '--store-timeout', '4s'];
  const ostiary = await startOstiary({ policies: documentsFolder(shop), args: [...drain, ...args] });
  endings.push(() => ostiary.kill());
  const client = loggingClient(ostiary.listen);
  endings.push(() => client.close());
  return { ostiary, client };
}

export async function metric({ adminUrl }: RealOstiary, series: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

export async function sendMany(client: LoggingClient, count: number): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let sent = 0; sent < count; sent++) ids.add(await client.send(GOLD));
  return ids;
}

/** Checks go on while the sink is stuck: none fails, and none waits for a time-out of the sink's. */
export async function expectChecks(client: LoggingClient, during: Promise<unknown>): Promise<void> {
  const { answered, slowestMs } = await client.checksDuring(during);
  expect(answered).toBeGreaterThan(20);
  expect(slowestMs).toBeLessThan(4000);
}

/** A receiver of the webhook, which answers as `answer` says, and 200 without it. */
interface Receiver {
  readonly ids: Set<string>;
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

export function listen(server: Server, port: number): Promise<void> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
  });
  endings.push(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return new Promise((resolve) => void server.listen(port, '127.0.0.1', resolve));
}

export async function receive(port: number): Promise<Receiver> {
  const receiver: Receiver = { ids: new Set(), answer: undefined };
  const server = createServer((request, response) => {
    if (receiver.answer !== undefined) return receiver.answer(request, response);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const events = JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()) as { id: string }[];
      for (const { id } of events) receiver.ids.add(id);
      response.end();
    });
  });
  await listen(server, port);
  return receiver;
}
