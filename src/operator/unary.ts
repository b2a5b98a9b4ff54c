import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { Call, Method } from '../grpc/rpc.ts';

/** Makes a method of a service of the two messages and what answers. */
export type DefineUnary = <I extends DescMessage, O extends DescMessage>(
  name: string,
  input: I,
  output: O,
  handle: (request: MessageShape<I>, call: Call) => MessageShape<O> | Promise<MessageShape<O>>,
) => Method;

/** @param service such as `ostiary.v1.InspectionService` */
export function unaryOf(service: string): DefineUnary {
  return (name, input, output, handle) => ({
    kind: 'unary',
    path: `/${service}/${name}`,
    handle: async (bytes, call) => toBinary(output, await handle(fromBinary(input, bytes), call)),
  });
}
