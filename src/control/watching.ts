import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { WatchRequestSchema, WatchResponseSchema } from '../../gen/ostiary/v1/resources_pb.js';
import type { Effect, WatchRequest, WatchResponse } from '../../gen/ostiary/v1/resources_pb.js';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import type { Change } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import type { ControlAccess } from './access.ts';
import { tellDatabase } from './guarded.ts';
import { EFFECTS, keyMessage, resourceMessage } from './resource-messages.ts';

export interface WatchPorts {
  readonly registry: Registry;
  readonly access: ControlAccess;
}

const PAGE = 500;
/** A connection over which nothing comes for so long may be dead. */
const SIGN_OF_LIFE_MS = 15_000;

/** ResourceService/Watch. */
export function watchMethod(service: string, ports: WatchPorts): Method {
  const path = `/${service}/Watch`;
  return {
    kind: 'server_streaming',
    path,
    async *handle(bytes, call) {
      // The bytes may be used until the first pause.
      const request = fromBinary(WatchRequestSchema, bytes);
      await ports.access(path, 'read', call);
      try {
        for await (const response of watch(request, call, ports.registry))
          yield toBinary(WatchResponseSchema, response);
      } catch (error) {
        tellDatabase(error);
      }
    },
  };
}

async function* watch(request: WatchRequest, call: Call, registry: Registry): AsyncGenerator<WatchResponse> {
  const { history, revision } = await registry.head();
  if (request.history !== '' && request.history !== history) {
    throw new RpcError(Code.failedPrecondition, `the log has the history ${history}: read everything again`);
  }
  let at = Number(request.afterRevision ?? revision);
  if (at > revision) throw new RpcError(Code.failedPrecondition, `the log ends at revision ${revision}`);
  const news = new News(registry, call.signal);
  try {
    yield create(WatchResponseSchema, { history, revision: BigInt(at) });
    while (!call.signal.aborted) {
      const changes = await registry.changesAfter(at, PAGE);
      for (const change of changes) {
        at = change.revision;
        if (!isAsked(change, request)) continue;
        yield create(WatchResponseSchema, { history, revision: BigInt(at), change: changeMessage(change) });
      }
      const last = changes.at(-1);
      if (last !== undefined && !isAsked(last, request)) {
        yield create(WatchResponseSchema, { history, revision: BigInt(at) });
      }
      if (changes.length === 0 && !(await news.after(at))) {
        yield create(WatchResponseSchema, { history, revision: BigInt(at) });
      }
    }
  } finally {
    news.end();
  }
}

/** Waits for revisions. */
class News {
  #latest = 0;
  #wake = (): void => {};
  readonly #signal: AbortSignal;
  readonly #end: () => void;

  constructor(registry: Registry, signal: AbortSignal) {
    this.#signal = signal;
    this.#end = registry.onChange((revision) => {
      this.#latest = revision;
      this.#wake();
    });
    signal.addEventListener('abort', this.#onAbort);
  }

  /** @returns false: none came for a while, or the call has ended */
  async after(revision: number): Promise<boolean> {
    if (this.#latest > revision) return true;
    if (this.#signal.aborted) return false;
    const woken = Promise.withResolvers<void>();
    this.#wake = woken.resolve;
    const timer = setTimeout(woken.resolve, SIGN_OF_LIFE_MS);
    timer.unref();
    await woken.promise;
    clearTimeout(timer);
    return this.#latest > revision;
  }

  end(): void {
    this.#end();
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.#wake();
}

function isAsked({ kind, namespace }: Change, { kinds, namespaces }: WatchRequest): boolean {
  return (kinds.length === 0 || kinds.includes(kind)) && (namespaces.length === 0 || namespaces.includes(namespace));
}

function changeMessage(change: Change) {
  const { after } = change;
  return {
    effect: effectOf(change),
    resource: keyMessage(change),
    ...(after !== undefined && { after: resourceMessage(after) }),
  };
}

/** What a change did. */
export function effectOf({ before, after }: Change): Effect {
  if (after === undefined) return EFFECTS.deleted;
  return before === undefined ? EFFECTS.created : EFFECTS.changed;
}
