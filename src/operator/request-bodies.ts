import { ConnectError } from '@connectrpc/connect';
import { Code } from '../grpc/rpc.ts';
import { Budget } from '../listen/budget.ts';
import type { Share } from '../listen/budget.ts';
import type { NodeRequest, NodeResponse } from './node-request.ts';

/** Octets of requests that are under way, of all connections: operators' requests have some kilobytes. */
const TOTAL_BYTES = 12 * 1024 * 1024;
/** Connections that hold no more have a part of these octets to themselves. */
const SMALL_BYTES = 16 * 1024;
/** How long a request with one message may take to arrive. */
const TIMEOUT_MS = 60_000;

export interface Exchange {
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  /** The method waits for all of the body before it answers. */
  readonly isWhole: boolean;
}

/** Bounds the memory of request bodies while they arrive and are answered, fairly between connections. */
export class RequestBodies {
  readonly #budget: Budget;
  readonly #shares = new WeakMap<object, Share>();

  /** @param totalBytes of all connections together */
  constructor(totalBytes: number = TOTAL_BYTES) {
    this.#budget = new Budget(totalBytes, SMALL_BYTES);
  }

  /** @throws {ConnectError} RESOURCE_EXHAUSTED (where it is read) once the connection holds too much */
  async *bound(
    body: AsyncIterable<Uint8Array>,
    connection: object,
    { request, response, isWhole }: Exchange,
  ): AsyncGenerator<Uint8Array> {
    const share = this.#shares.get(connection) ?? this.#budget.share();
    this.#shares.set(connection, share);
    let held = 0;
    const give = (): void => {
      share.give(held);
      held = 0;
    };
    if (response.destroyed) return;
    response.once('close', give);
    const slow = isWhole ? setTimeout(() => request.destroy(), TIMEOUT_MS).unref() : undefined;
    try {
      for await (const chunk of body) {
        // Messages of a stream are taken one by one, so only the last chunk counts.
        if (!isWhole) give();
        if (!share.take(chunk.length)) {
          // The rest would be read only to be dropped.
          response.once('finish', () => request.destroy());
          throw tooMuch();
        }
        held += chunk.length;
        yield chunk;
      }
    } finally {
      clearTimeout(slow);
    }
  }
}

function tooMuch(): ConnectError {
  return new ConnectError('too many requests are under way at once', Code.resourceExhausted);
}
