import type { DescService } from '@bufbuild/protobuf';
import { boundCalls } from './bounded-calls.ts';
import type { Method } from './rpc.ts';

/** A user of grpcurl needs one; an answer that nobody reads takes some 200 kB. */
const MOST_CONVERSATIONS = 32;

/**
 * Server reflection v1 and v1alpha, whose messages differ by nothing but the name of their package
 * (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md).
 * @param loadServices all services of the listener, those of reflection itself included; called at the
 *   first request, since descriptors are large
 */
export function reflectionMethods(loadServices: () => Promise<readonly DescService[]>): readonly Method[] {
  const load = async () => {
    const services = await loadServices();
    const { Answers } = await import('./reflection-answers.ts');
    return new Answers(services);
  };
  let loading: ReturnType<typeof load> | undefined;
  async function* handle(requests: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const answerNext = (await (loading ??= load())).conversation();
    for await (const request of requests) yield answerNext(request);
  }
  const methods = ['v1', 'v1alpha'].map((version) => ({
    kind: 'bidirectional' as const,
    path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    handle,
  }));
  return boundCalls(methods, MOST_CONVERSATIONS, 'reflection calls');
}
