import { boundCalls } from './bounded-calls.ts';
import { decodeService, encodeList, encodeStatus } from './health-messages.ts';
import { Code, RpcError } from './rpc.ts';
import type { Call, Method } from './rpc.ts';

/** Clients with their own health checks have one per connection; each takes some 5 kB. */
const MOST_WATCHES = 1024;

/**
 * The health of the server's services by `grpc.health.v1.Health`
 * (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).
 */
export class Health {
  readonly #statuses = new Map<string, boolean>();
  /** One for each Watch that runs. */
  readonly #waiting = new Set<() => void>();
  #closed = false;

  /** @param services full names; each is NOT_SERVING until said otherwise. The empty name is the server as a whole. */
  constructor(services: readonly string[]) {
    for (const service of services) this.#statuses.set(service, false);
  }

  /** Notifies every Watch of the service. */
  setServing(service: string, isServing: boolean): void {
    if (this.#closed) return;
    this.#statuses.set(service, isServing);
    this.#announce();
  }

  setAllServing(isServing: boolean): void {
    for (const service of this.#statuses.keys()) this.setServing(service, isServing);
  }

  /** From now on everything is NOT_SERVING, and every Watch ends: it would delay the drain of its connection. */
  close(): void {
    this.setAllServing(false);
    this.#closed = true;
    this.#announce();
  }

  /** The most callers that watch for changes. */
  get watches(): number {
    return this.#waiting.size;
  }

  methods(): readonly Method[] {
    return boundCalls(this.#methods(), MOST_WATCHES, 'health Watches');
  }

  #methods(): readonly Method[] {
    return [
      {
        kind: 'unary',
        path: '/grpc.health.v1.Health/Check',
        handle: (request) => {
          const serving = this.#statuses.get(decodeService(request));
          if (serving === undefined) throw new RpcError(Code.notFound, 'unknown service');
          return encodeStatus(serving);
        },
      },
      {
        kind: 'unary',
        path: '/grpc.health.v1.Health/List',
        handle: () => encodeList(this.#statuses),
      },
      {
        kind: 'server_streaming',
        path: '/grpc.health.v1.Health/Watch',
        handle: (request, call) => this.#watch(request, call),
      },
    ];
  }

  #announce(): void {
    for (const wake of this.#waiting) wake();
  }

  async *#watch(request: Uint8Array, call: Call): AsyncGenerator<Uint8Array> {
    const service = decodeService(request);
    let isNews = false;
    let wake = (): void => {};
    const changed = (): void => {
      isNews = true;
      wake();
    };
    this.#waiting.add(changed);
    call.signal.addEventListener('abort', changed, { once: true });
    try {
      let told: boolean | 'nothing' | undefined = 'nothing';
      while (!call.signal.aborted) {
        // Before the status is read, so that no change is missed while the caller takes its time.
        isNews = false;
        const closed = this.#closed;
        const serving = this.#statuses.get(service);
        if (serving !== told) yield encodeStatus(serving);
        told = serving;
        if (closed) throw new RpcError(Code.unavailable, 'the server is shutting down');
        if (isNews) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#waiting.delete(changed);
      call.signal.removeEventListener('abort', changed);
    }
  }
}
