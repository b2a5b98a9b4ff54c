import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { Caller } from '../access/caller.ts';
import { TooManyEvents } from '../audit/trail.ts';
import { DatabaseFault } from '../database/database-fault.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method, UnaryHandler } from '../grpc/rpc.ts';
import type { ControlAccess } from './access.ts';
import { withoutNodes } from './receipt-rights.ts';

/** Makes a method that only those may call who may do what it does. The handler gets the caller. */
export type DefineGuarded = <I extends DescMessage, O extends DescMessage>(
  name: string,
  input: I,
  output: O,
  handle: (request: MessageShape<I>, caller: Caller, call: Call) => Promise<MessageShape<O>>,
) => Method;

/** @param service such as `ostiary.v1.ResourceService` */
export function guardedUnary(service: string, access: ControlAccess): DefineGuarded {
  return (name, input, output, handle) => {
    const path = `/${service}/${name}`;
    return {
      kind: 'unary',
      path,
      handle: async (bytes, call) => {
        // First: of those who may not call, nothing is read.
        const caller = await access(path, call);
        const answer = await handle(fromBinary(input, bytes), caller, call).catch(tellDatabase);
        return toBinary(output, withoutNodes(answer, caller));
      },
    };
  };
}

/**
 * Methods of others, which only those may call from now on who may do what they do.
 * @param askedBy the same methods, as a caller may have them answered
 */
export function guardedMethods(
  access: ControlAccess,
  methods: readonly Method[],
  askedBy: (caller: Caller) => Promise<readonly Method[]>,
): readonly Method[] {
  return methods.map((method): Method => {
    if (method.kind !== 'unary') throw new TypeError(`${method.path} is a stream`);
    const handle: UnaryHandler = async (request, call) => {
      const own = await askedBy(await access(method.path, call)).catch(tellDatabase);
      const found = own.find(({ path }) => path === method.path);
      if (found?.kind !== 'unary') throw new TypeError(`${method.path} is not answered`);
      return found.handle(request, call);
    };
    return { ...method, handle };
  });
}

/** What callers hear of a database that can't do what they ask: not where it is. */
export function tellDatabase(error: unknown): never {
  if (error instanceof TooManyEvents) throw new RpcError(Code.resourceExhausted, error.message);
  if (!(error instanceof DatabaseFault)) throw error;
  const why =
    error.kind === 'full'
      ? 'its disk is full'
      : error.kind === 'read_only'
        ? 'it takes no changes'
        : 'it does not answer';
  throw new RpcError(Code.unavailable, `the control plane's database can't be used (${why}): nothing was written`);
}
