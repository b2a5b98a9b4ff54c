import { Budget } from '../listen/budget.ts';
import type { Share } from '../listen/budget.ts';
import { Code, RpcError } from './rpc.ts';
import type { Call, Method } from './rpc.ts';

/**
 * Bounds how many calls of some streaming methods run at once in the process, fairly between connections. Methods that
 * are bounded separately do not affect each other.
 * @param most of all the methods together
 * @param what for the error of the caller who gets none, such as `health Watches`
 */
export function boundCalls(methods: readonly Method[], most: number, what: string): readonly Method[] {
  const budget = new Budget(most);
  const shares = new Map<unknown, Share>();

  const enter = ({ connection }: Call): Share => {
    const share = shares.get(connection) ?? budget.share();
    if (!share.take(1)) throw new RpcError(Code.resourceExhausted, `too many ${what} run already`);
    shares.set(connection, share);
    return share;
  };
  const leave = ({ connection }: Call, share: Share): void => {
    share.give(1);
    if (share.held === 0) shares.delete(connection);
  };
  async function* run(call: Call, answers: () => AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const share = enter(call);
    try {
      yield* answers();
    } finally {
      leave(call, share);
    }
  }

  return methods.map((method): Method => {
    const { kind, path } = method;
    if (kind === 'unary') return method;
    if (kind === 'server_streaming') {
      return { kind, path, handle: (request, call) => run(call, () => method.handle(request, call)) };
    }
    return { kind, path, handle: (requests, call) => run(call, () => method.handle(requests, call)) };
  });
}
