// Sends Checks that all differ over HTTP/2, frames spelled out beforehand: a client that costs little, so that the
// server is what is measured. Run by varied-load.ts on a core of its own.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { ID_LENGTH } from '../src/analytics/decision-id.ts';
import type { LoadResult } from './h2load.ts';
import { LogStream } from './log-stream.ts';
import type { LogJob } from './log-stream.ts';
import type { VariedChecks } from './varied-checks.ts';

export interface ClientJob {
  readonly address: string;
  readonly path: string;
  readonly requests: number;
  readonly clients: number;
  readonly streams: number;
  /** All clients together; undefined: as many as the server takes. */
  readonly requestsPerSecond?: number;
  /** So many Checks were sent before: no two runs send the same origin. */
  readonly sentBefore: number;
  readonly checksFile: string;
  readonly checks: VariedChecks;
  /** Absent: how the requests end is not told. */
  readonly log?: LogJob;
}

const FRAME_HEADER_BYTES = 9;
const GRPC_PREFIX_BYTES = 5;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** With indexing, RFC 7541, 6.2.1; `name` is an index of the static table or a new name. */
function indexed(name: number | string, value: string): Buffer {
  const text = (s: string): Buffer => Buffer.concat([Buffer.from([s.length]), Buffer.from(s, 'latin1')]);
  return typeof name === 'number'
    ? Buffer.concat([Buffer.from([0x40 | name]), text(value)])
    : Buffer.concat([Buffer.from([0x40]), text(name), text(value)]);
}

const job = JSON.parse(readFileSync(0, 'utf8')) as ClientJob;
const checks = readFileSync(job.checksFile);
const [host = '', port = ''] = job.address.split(':');
const FIRST_BLOCK = Buffer.concat([
  Buffer.from([0x80 | 3, 0x80 | 6]),
  indexed(4, job.path),
  indexed(1, job.address),
  indexed(31, 'application/grpc'),
  indexed('te', 'trailers'),
  indexed('grpc-timeout', '1S'),
]);
// What was indexed last has the index 62.
const LATER_BLOCK = Buffer.from([0x80 | 3, 0x80 | 6, 0x80 | 66, 0x80 | 65, 0x80 | 64, 0x80 | 63, 0x80 | 62]);
const durationsMs = new Float32Array(job.requests);
let started = 0;
let ended = 0;
const log = job.log === undefined ? undefined : new LogStream(job.address, job.log);
const { promise: finished, resolve: finish } = Promise.withResolvers<void>();

/** Fills in what Envoy gives each request: a stream id of 20 digits and the time in seconds and nanoseconds. */
function address(target: Buffer, at: number, index: number): void {
  const { streamIdAt, secondsAt, nanosAt } = job.checks.entries[index % job.checks.entries.length]!;
  let rest = job.sentBefore + index;
  for (let digit = at + streamIdAt + 19; digit > at + streamIdAt; digit--) {
    target[digit] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  varint(target, at + secondsAt, Math.floor(Date.now() / 1000), 5);
  varint(target, at + nanosAt, (1 << 21) + ((index * 7919) % (1 << 27)), 4);
}

function varint(target: Buffer, at: number, value: number, bytes: number): void {
  let rest = value;
  for (let i = 0; i < bytes; i++) {
    target[at + i] = (rest % 128) | (i === bytes - 1 ? 0 : 0x80);
    rest = Math.floor(rest / 128);
  }
}

class Client {
  readonly #socket: Socket;
  #nextStream = 1;
  #open = 0;
  readonly #startedAt = new Map<number, number>();
  /** By stream, the number of the request: for the log. */
  readonly #indexes = new Map<number, number>();
  #partial: Buffer = Buffer.alloc(0);
  readonly #output = Buffer.alloc(512 * 1024);

  constructor() {
    this.#socket = connect(Number(port), host).setNoDelay();
    // INITIAL_WINDOW_SIZE, and room for the connection: answers never wait.
    const settings = frame(4, 0, 0, Buffer.from([0, 4, 0x3f, 0xff, 0xff, 0xff]));
    const window = frame(8, 0, 0, Buffer.from([0x3f, 0, 0, 0]));
    this.#socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings, window]));
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.on('close', () => {
      if (ended < job.requests) throw new Error('the server closed a connection');
    });
  }

  end(): void {
    this.#socket.destroy();
  }

  /** Opens as many streams as may be, and writes them at once. */
  fill(most: number): void {
    let end = 0;
    const now = performance.now();
    let count = 0;
    while (this.#open < job.streams && started < job.requests && count < most) {
      end = this.#request(end, started++, now);
      count++;
    }
    if (end > 0) this.#socket.write(Buffer.from(this.#output.subarray(0, end)));
  }

  #request(at: number, index: number, now: number): number {
    const output = this.#output;
    const block = this.#nextStream === 1 ? FIRST_BLOCK : LATER_BLOCK;
    const { start, length } = job.checks.entries[index % job.checks.entries.length]!;
    let end = at;
    end = this.#frameHeader(end, block.length, 1, END_HEADERS);
    end += block.copy(output, end);
    end = this.#frameHeader(end, GRPC_PREFIX_BYTES + length, 0, END_STREAM);
    output[end] = 0;
    output.writeUInt32BE(length, end + 1);
    end += GRPC_PREFIX_BYTES;
    checks.copy(output, end, start, start + length);
    address(output, end, index);
    this.#startedAt.set(this.#nextStream, now);
    if (log !== undefined) this.#indexes.set(this.#nextStream, index);
    this.#nextStream += 2;
    this.#open++;
    return end + length;
  }

  #frameHeader(at: number, length: number, type: number, flags: number): number {
    const output = this.#output;
    output.writeUIntBE(length, at, 3);
    output[at + 3] = type;
    output[at + 4] = flags;
    output.writeUInt32BE(this.#nextStream, at + 5);
    return at + FRAME_HEADER_BYTES;
  }

  #read(chunk: Buffer): void {
    const bytes = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    let at = 0;
    const now = performance.now();
    while (at + FRAME_HEADER_BYTES <= bytes.length) {
      const length = bytes.readUIntBE(at, 3);
      if (at + FRAME_HEADER_BYTES + length > bytes.length) break;
      const type = bytes[at + 3]!;
      const flags = bytes[at + 4]!;
      if (type === 3 || type === 7) throw new Error(`the server sent ${type === 3 ? 'RST_STREAM' : 'GOAWAY'}`);
      if (type === 4 && (flags & 1) === 0) this.#socket.write(frame(4, 1, 0, Buffer.alloc(0)));
      const stream = bytes.readUInt32BE(at + 5);
      if (type === 0 && log !== undefined) this.#note(stream, bytes, at + FRAME_HEADER_BYTES + length);
      if (type <= 1 && (flags & END_STREAM) !== 0) this.#ended(stream, now);
      at += FRAME_HEADER_BYTES + length;
    }
    this.#partial = Buffer.from(bytes.subarray(at));
    if (ended >= job.requests) finish();
    else if (job.requestsPerSecond === undefined) this.fill(Infinity);
  }

  /** The answer ends with the id of its decision. @param end of the frame, which has the whole answer */
  #note(stream: number, bytes: Buffer, end: number): void {
    const index = this.#indexes.get(stream);
    if (index === undefined) return;
    this.#indexes.delete(stream);
    log?.ended(index, bytes.subarray(end - ID_LENGTH, end));
  }

  #ended(stream: number, now: number): void {
    durationsMs[ended++] = now - this.#startedAt.get(stream)!;
    this.#startedAt.delete(stream);
    this.#open--;
  }
}

const clients = Array.from({ length: job.clients }, () => new Client());
const startedAt = performance.now();
if (job.requestsPerSecond === undefined) for (const client of clients) client.fill(Infinity);
else pace(job.requestsPerSecond);
await finished;
const SECONDS = (performance.now() - startedAt) / 1000;
await log?.end();
for (const client of clients) client.end();
durationsMs.sort();
const at = (share: number): number => durationsMs[Math.floor(durationsMs.length * share)] ?? Number.NaN;
const result: LoadResult = { requestsPerSecond: job.requests / SECONDS, p50Ms: at(0.5), p99Ms: at(0.99) };
console.log(JSON.stringify(result));

function pace(requestsPerSecond: number): void {
  let turn = 0;
  const ticking = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * requestsPerSecond) - started;
    const each = Math.ceil(due / clients.length);
    for (let i = 0; i < clients.length; i++) clients[turn++ % clients.length]!.fill(each);
    if (started >= job.requests) clearInterval(ticking);
  }, 1);
}
