import type { Caller } from '../access/caller.ts';
import { NOBODY } from '../audit/event.ts';
import type { AuditEvent, AuditedCaller } from '../audit/event.ts';
import type { AuditTrail } from '../audit/trail.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { BidirectionalHandler, Call, Method, ServerStreamingHandler, UnaryHandler } from '../grpc/rpc.ts';
import type { CallCredentials, ControlAccess } from './access.ts';

/** Refused: who it is, or what they may do. */
const DENIED: ReadonlySet<Code> = new Set([Code.unauthenticated, Code.permissionDenied]);

const OURS = '/ostiary.v1.';

/** Tells the audit trail of every call that is refused, wherever that is decided. */
export class AuditedCalls {
  readonly #trail: Pick<AuditTrail, 'note'>;
  /** By the call, who makes it. */
  readonly #callers = new WeakMap<object, Caller>();
  /** Refusals that were told. */
  readonly #told = new WeakSet<RpcError>();

  constructor(trail: Pick<AuditTrail, 'note'>) {
    this.#trail = trail;
  }

  access(access: ControlAccess): ControlAccess {
    return async (path, effect, call) => {
      try {
        const caller = await access(path, effect, call);
        this.#callers.set(call, caller);
        return caller;
      } catch (error) {
        this.#refused(path, call, error);
        throw error;
      }
    };
  }

  methods(methods: readonly Method[]): readonly Method[] {
    return methods.map((method) => (method.path.startsWith(OURS) ? this.#audited(method) : method));
  }

  #audited(method: Method): Method {
    const tell = (call: Call, error: unknown): void => this.#refused(method.path, call, error);
    if (method.kind === 'unary') {
      const handle: UnaryHandler = async (request, call) => {
        try {
          return await method.handle(request, call);
        } catch (error) {
          tell(call, error);
          throw error;
        }
      };
      return { ...method, handle };
    }
    if (method.kind === 'server_streaming') {
      const handle: ServerStreamingHandler = (request, call) =>
        telling(method.handle(request, call), (error) => tell(call, error));
      return { ...method, handle };
    }
    const handle: BidirectionalHandler = (requests, call) =>
      telling(method.handle(requests, call), (error) => tell(call, error));
    return { ...method, handle };
  }

  #refused(path: string, call: CallCredentials, error: unknown): void {
    if (!(error instanceof RpcError) || !DENIED.has(error.code) || this.#told.has(error)) return;
    this.#told.add(error);
    this.#trail.note(denialOf(path, this.#callers.get(call) ?? { ...NOBODY, address: call.address ?? '' }, error));
  }
}

function denialOf(path: string, { name, credential, address }: AuditedCaller, { message }: RpcError): AuditEvent {
  return {
    action: 'denied',
    outcome: 'denied',
    caller: { name, credential, address },
    detail: { method: path.replace(OURS, ''), why: message },
  };
}

async function* telling(
  answers: AsyncIterable<Uint8Array>,
  tell: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* answers;
  } catch (error) {
    tell(error);
    throw error;
  }
}
