import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';

/** A method of the public API with one request and one answer. */
export interface UnaryDescription<Input extends DescMessage, Output extends DescMessage> extends DescMethod {
  readonly methodKind: 'unary';
  readonly input: Input;
  readonly output: Output;
}

/** Calls a method of the public API as its caller. @throws RpcError (rejects with it) */
export type Invoke = <Input extends DescMessage, Output extends DescMessage>(
  method: UnaryDescription<Input, Output>,
  request: MessageInitShape<Input>,
) => Promise<MessageShape<Output>>;

/**
 * Whatever an agent can do, curl can: its tools call the methods that everybody calls, with the same credential, and so with
 * the same rights and the same entries in the audit trail.
 */
export function invokeAs(call: Call, methods: ReadonlyMap<string, Method>): Invoke {
  return async (description, request) => {
    const method = methods.get(`/${description.parent.typeName}/${description.name}`);
    if (method?.kind !== 'unary') throw new RpcError(Code.unimplemented, `there is no method ${description.name}`);
    const { input, output } = description;
    return fromBinary(output, await method.handle(toBinary(input, create(input, request)), call));
  };
}
