import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { ChannelCredentials, ClientDuplexStream, ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { formatListenAddress } from '../../src/listen/address.ts';
import type { ListenAddress } from '../../src/listen/address.ts';

const bytes = (value: Buffer): Buffer => value;

/** A gRPC client of raw bytes. */
export class RawClient {
  readonly #client: Client;

  constructor(address: ListenAddress, channelCredentials: ChannelCredentials = credentials.createInsecure()) {
    const target = formatListenAddress(address);
    // Without a pool of its own a client shares its connection with every other client of this process.
    this.#client = new Client(target, channelCredentials, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      // The name in the certificates of tests.
      'grpc.ssl_target_name_override': 'localhost',
      'grpc.max_receive_message_length': -1,
    });
  }

  unary(path: string, message: Uint8Array = Buffer.alloc(0), options: CallOptions = {}): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        bytes,
        bytes,
        Buffer.from(message),
        deadline(options),
        (error, answer) => {
          if (error === null) resolve(answer!);
          else reject(error);
        },
      );
      options.signal?.addEventListener('abort', () => call.cancel());
    });
  }

  serverStream(path: string, message: Uint8Array = Buffer.alloc(0)): ClientReadableStream<Buffer> {
    return this.#client.makeServerStreamRequest(path, bytes, bytes, Buffer.from(message));
  }

  bidi(path: string, fields: Readonly<Record<string, string>> = {}): ClientDuplexStream<Buffer, Buffer> {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
    return this.#client.makeBidiStreamRequest(path, bytes, bytes, metadata);
  }

  close(): void {
    this.#client.close();
  }
}

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

function deadline(options: CallOptions): { deadline?: Date } {
  return options.timeoutMs === undefined ? {} : { deadline: new Date(Date.now() + options.timeoutMs) };
}

/** What the call ended with; fails where it succeeded. */
export async function statusOf(call: Promise<unknown>): Promise<{ code: number; details: string }> {
  try {
    await call;
  } catch (error) {
    const { code, details } = error as ServiceError;
    return { code, details };
  }
  throw new Error('the call succeeded');
}
