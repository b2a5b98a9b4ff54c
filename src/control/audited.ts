import type { Identity } from '../access/caller.ts';
import { NOBODY } from '../audit/event.ts';
import type { AuditedCaller, AuditEvent, AuditOutcome } from '../audit/event.ts';
import { TooManyEvents } from '../audit/trail.ts';
import type { AuditTrail } from '../audit/trail.ts';
import { DatabaseFault } from '../database/database-fault.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { BidirectionalHandler, Call, Method, ServerStreamingHandler, UnaryHandler } from '../grpc/rpc.ts';
import type { CallCredentials, ControlAccess } from './access.ts';
import { AUDITED_METHODS } from './audited-methods.ts';
import type { AuditedCall } from './audited-methods.ts';
import type { IdentifyCaller } from './controlled-access.ts';

/** Refused: who it is, or what they may do. */
const DENIED: ReadonlySet<Code> = new Set([Code.unauthenticated, Code.permissionDenied]);

const OURS = '/ostiary.v1.';

/** Tells the audit trail of every call that is refused, wherever that is decided, and of those that must not happen unseen. */
export class AuditedCalls {
  readonly #trail: Pick<AuditTrail, 'note' | 'record'>;
  /** By the call, who makes it. */
  readonly #callers = new WeakMap<object, Identity>();
  /** Refusals that were told. */
  readonly #told = new WeakSet<RpcError>();

  constructor(trail: Pick<AuditTrail, 'note' | 'record'>) {
    this.#trail = trail;
  }

  /** So that who may not do something is known by name. */
  identify(identify: IdentifyCaller): IdentifyCaller {
    return async (call) => {
      const identity = await identify(call);
      this.#callers.set(call, identity);
      return identity;
    };
  }

  access(access: ControlAccess): ControlAccess {
    return async (path, call) => {
      try {
        const caller = await access(path, call);
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
    const { path } = method;
    const about = AUDITED_METHODS.get(path);
    const failed = (call: Call, error: unknown, asked?: () => AuditedCall | undefined): void =>
      this.#failed(path, call, error, asked);
    if (method.kind === 'unary') {
      const handle: UnaryHandler = async (request, call) => {
        let answer: Uint8Array;
        try {
          answer = await method.handle(request, call);
        } catch (error) {
          failed(call, error, () => about?.(request));
          throw error;
        }
        // Not before: of those who may not call, nothing is read.
        const asked = about?.(request);
        if (asked !== undefined && asked.isKeptWithin !== true) await this.#record(asked, call);
        return answer;
      };
      return { ...method, handle };
    }
    if (method.kind === 'server_streaming') {
      const handle: ServerStreamingHandler = (request, call) => {
        const asked = about?.(request);
        const before = asked && (() => this.#record(asked, call));
        return telling(method.handle(request, call), (error) => failed(call, error, () => asked), before);
      };
      return { ...method, handle };
    }
    const handle: BidirectionalHandler = (requests, call) =>
      telling(method.handle(requests, call), (error) => failed(call, error));
    return { ...method, handle };
  }

  /** @throws RpcError (rejects with it) where it can't be kept: then it does not happen, as far as the caller hears of it */
  async #record(asked: AuditedCall, call: Call): Promise<void> {
    await this.#trail.record(this.#eventOf(asked, 'done', call)).catch((error: unknown) => {
      if (error instanceof TooManyEvents) throw new RpcError(Code.resourceExhausted, error.message);
      if (!(error instanceof DatabaseFault)) throw error;
      throw new RpcError(
        Code.unavailable,
        'the audit trail can not be written at the moment, and this is not told without it',
      );
    });
  }

  #failed(path: string, call: Call, error: unknown, ask?: () => AuditedCall | undefined): void {
    if (this.#refused(path, call, error)) return;
    const asked = ask?.();
    if (asked !== undefined) this.#trail.note(this.#eventOf(asked, 'failed', call));
  }

  /** @returns whether it is a refusal */
  #refused(path: string, call: CallCredentials, error: unknown): boolean {
    if (!(error instanceof RpcError) || !DENIED.has(error.code)) return false;
    if (this.#told.has(error)) return true;
    this.#told.add(error);
    const detail = { method: path.replace(OURS, ''), why: error.message };
    this.#trail.note({ action: 'denied', outcome: 'denied', caller: this.#callerOf(call), detail });
    return true;
  }

  #eventOf({ action, callerName, detail, target }: AuditedCall, outcome: AuditOutcome, call: Call): AuditEvent {
    const caller = this.#callerOf(call);
    const about = { ...(target !== undefined && { target }), ...(detail !== undefined && { detail }) };
    return { action, ...about, outcome, caller: callerName === undefined ? caller : { ...caller, name: callerName } };
  }

  #callerOf(call: CallCredentials): AuditedCaller {
    const { name, credential, address } = this.#callers.get(call) ?? NOBODY;
    return { name, credential, address: address === '' ? (call.address ?? '') : address };
  }
}

/** @param before what is done before the first answer; it may reject */
async function* telling(
  answers: AsyncIterable<Uint8Array>,
  tell: (error: unknown) => void,
  before?: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let isTold = before === undefined;
  try {
    for await (const answer of answers) {
      if (!isTold) {
        await before?.();
        isTold = true;
      }
      yield answer;
    }
  } catch (error) {
    tell(error);
    throw error;
  }
}
