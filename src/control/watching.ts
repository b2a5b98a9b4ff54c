import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { WatchRequestSchema, WatchResponseSchema } from '../../gen/ostiary/v1/resources_pb.js';
import type { Effect, WatchRequest, WatchResponse } from '../../gen/ostiary/v1/resources_pb.js';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import type { Change } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import type { RegisteredKind } from '../policies/environment.ts';
import type { ControlAccess } from './access.ts';
import type { CurrentIndex } from './current-index.ts';
import { tellDatabase } from './guarded.ts';
import { EFFECTS, keyMessage, resourceMessage } from './resource-messages.ts';
import { Rights } from './rights.ts';
import { sightOf, viewOf } from './views.ts';

export interface WatchPorts {
  readonly registry: Registry;
  readonly access: ControlAccess;
  readonly index: Pick<CurrentIndex, 'current'>;
  readonly policyKinds: ReadonlyMap<string, RegisteredKind>;
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
      // Whoever loses a role, or whose session ends, is told nothing more.
      const rightsNow = async (): Promise<Rights> => {
        const caller = await ports.access(path, call);
        return new Rights(caller, (await ports.index.current()).index);
      };
      await rightsNow();
      try {
        for await (const response of watch(request, call, { ...ports, rightsNow }))
          yield toBinary(WatchResponseSchema, response);
      } catch (error) {
        tellDatabase(error);
      }
    },
  };
}

interface Watching extends WatchPorts {
  readonly rightsNow: () => Promise<Rights>;
}

async function* watch(
  request: WatchRequest,
  call: Call,
  { policyKinds, registry, rightsNow }: Watching,
): AsyncGenerator<WatchResponse> {
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
      // Afterwards: of a change that comes behind the loss of a role, nothing is told.
      const rights = await rightsNow();
      let isLastTold = true;
      for (const each of changes) {
        at = each.revision;
        const change = isAsked(each, request) ? changeMessage(each, rights, policyKinds) : undefined;
        isLastTold = change !== undefined;
        if (change !== undefined) yield create(WatchResponseSchema, { history, revision: BigInt(at), change });
      }
      if (!isLastTold) yield create(WatchResponseSchema, { history, revision: BigInt(at) });
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

/** A change as whoever watches sees it: what they may see from now on is new to them. @returns undefined: nothing */
function changeMessage({ before, after, ...key }: Change, rights: Rights, policyKinds: WatchPorts['policyKinds']) {
  const [was, is] = [before, after].map((each) => {
    return each && viewOf(each.document, sightOf(each, rights), policyKinds);
  });
  if (was === undefined && is === undefined) return undefined;
  const effect = is === undefined ? 'deleted' : was === undefined ? 'created' : 'changed';
  return {
    effect: EFFECTS[effect],
    resource: keyMessage(key),
    ...(is !== undefined && after !== undefined && { after: resourceMessage(after, is) }),
  };
}

/** What a change did. */
export function effectOf({ before, after }: Change): Effect {
  if (after === undefined) return EFFECTS.deleted;
  return before === undefined ? EFFECTS.created : EFFECTS.changed;
}
