import type { DescService } from '@bufbuild/protobuf';
import type { Method } from './rpc.ts';

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
  return ['v1', 'v1alpha'].map((version) => ({
    kind: 'bidirectional',
    path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    handle,
  }));
}
