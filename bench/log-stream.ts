import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { ACCESS_LOG_PATH } from '../src/analytics/access-log-service.ts';

/** How requests are told to have ended. */
export interface LogJob {
  /** Of entries, each an `HTTPAccessLogEntry` with room for the id of a decision. */
  readonly entriesFile: string;
  /** The entry of each request is one of these in turn. */
  readonly entries: readonly { readonly start: number; readonly length: number; readonly idAt: number }[];
  /** As Envoy's `buffer_size_bytes`: so much is gathered before it is sent, for a second at most. */
  readonly bufferBytes: number;
}

const FLUSH_MS = 1000;
const GRPC_PREFIX_BYTES = 5;

/** Streams the access log to `address`, on a connection of its own. */
export class LogStream {
  readonly #job: LogJob;
  readonly #entries: Buffer;
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #timer: NodeJS.Timeout;
  #gathered: Buffer[] = [];
  #bytes = 0;

  constructor(address: string, job: LogJob) {
    this.#job = job;
    this.#entries = readFileSync(job.entriesFile);
    this.#session = connect(`http://${address}`);
    this.#stream = this.#session.request({
      ':method': 'POST',
      ':path': ACCESS_LOG_PATH,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS);
  }

  /** @param id of its decision, as the answer to the Check had it */
  ended(index: number, id: Uint8Array): void {
    const { entries, bufferBytes } = this.#job;
    const { start, length, idAt } = entries[index % entries.length]!;
    const entry = Buffer.concat([prefix(0x0a, length), this.#entries.subarray(start, start + length)]);
    entry.set(id, entry.length - length + idAt);
    this.#gathered.push(entry);
    this.#bytes += entry.length;
    if (this.#bytes >= bufferBytes) this.#flush();
  }

  /** Resolves when the server has taken all. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#flush();
    this.#stream.end();
    this.#stream.resume();
    await once(this.#stream, 'end');
    this.#session.close();
  }

  /** A `StreamAccessLogsMessage` whose `http_logs` has what was gathered. */
  #flush(): void {
    if (this.#bytes === 0) return;
    const head = prefix(0x12, this.#bytes);
    const grpc = Buffer.alloc(GRPC_PREFIX_BYTES);
    grpc.writeUInt32BE(head.length + this.#bytes, 1);
    this.#stream.write(Buffer.concat([grpc, head, ...this.#gathered]));
    this.#gathered = [];
    this.#bytes = 0;
  }
}

/** The tag and the length of a field. */
function prefix(tag: number, length: number): Buffer {
  const bytes = [tag];
  let rest = length;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
