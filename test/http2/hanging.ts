import type { Method } from '../../src/grpc/rpc.ts';

/** Never answers, and counts how many of its calls run at once. */
export function hanging(): Method & { running: number; most: number } {
  const method = {
    kind: 'unary' as const,
    path: '/test.Hang/Unary',
    running: 0,
    most: 0,
    handle: () => {
      method.running++;
      method.most = Math.max(method.most, method.running);
      return new Promise<Uint8Array>(() => {});
    },
  };
  return method;
}
