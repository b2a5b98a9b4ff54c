import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { RpcListener } from '../../src/grpc/rpc.ts';
import { ScriptMemory } from '../../src/memory/script-memory.ts';
import { WorkerPool } from '../../src/serve/worker-pool.ts';
import type { PoolOptions } from '../../src/serve/worker-pool.ts';
import { RawClient } from '../grpc/client.ts';

const program = join(import.meta.dirname, 'small-worker.ts');
type Hangs = 'never' | 'before it serves' | 'once it serves';

const listeners: RpcListener[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(listeners.splice(0).map((listener) => listener.drain(0)));
});

/** @param hangs of the workers in the order in which they are started; those after them never do */
function pooled(hangs: readonly Hangs[], options: Partial<PoolOptions> = {}) {
  const told = { started: 0, refused: 0, lost: [] as string[] };
  const pool = new WorkerPool({
    workers: 2,
    memory: new ScriptMemory(systemClock, 1000),
    maxConnections: 100,
    lost: (_pid, reason, why) => told.lost.push(`${reason} (${why})`),
    counted() {},
    events: async () => {},
    logStreamed() {},
    losses() {},
    refused: () => told.refused++,
    fork: () => fork(program, [hangs[told.started++] ?? 'never']),
    // A start may take long where the machine is busy.
    timeouts: { pingMs: 100, mostUnanswered: 50, mostUnansweredAtStart: 100 },
    ...options,
  });
  const open = async (): Promise<{ port: number; listener: RpcListener }> => {
    const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
    const listener = await pool.transport({ address, methods: [], tls: undefined, maxMessageBytes: 1000 });
    listeners.push(listener);
    return { listener, port: (listener.address as { port: number }).port };
  };
  return { pool, told, open };
}

/** What a connection comes to: the first octets of the server, or its end. */
async function knock(port: number): Promise<'served' | 'closed'> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  return Promise.race([
    once(socket, 'data').then(() => 'served' as const),
    once(socket, 'close').then(() => 'closed' as const),
  ]);
}

describe('a pool of workers', () => {
  it('closes connections beyond the limit as they come, says so, and takes others when some have gone', async () => {
    const { open, told } = pooled([], { maxConnections: 3 });
    const { port } = await open();
    const outcomes: string[] = [];
    for (let count = 0; count < 5; count++) outcomes.push(await knock(port));
    expect(outcomes).toEqual(['served', 'served', 'served', 'closed', 'closed']);
    expect(told.refused).toBe(2);
    sockets[1]?.destroy();
    await expect.poll(() => knock(port), { timeout: 10_000 }).toBe('served');
    expect(told.lost).toEqual([]);
  });

  it('does not start with a worker that hangs before it serves', async () => {
    const { open, pool } = pooled(['before it serves'], {
      workers: 1,
      timeouts: { pingMs: 50, mostUnanswered: 50, mostUnansweredAtStart: 60 },
    });
    await expect(open()).rejects.toThrow(/--workers: worker 1 did not start \(stuck: no answer to 60 questions/);
    await expect.poll(() => pool.serving).toBe(0);
  });

  it('replaces a worker that hangs, and the one in its place that hangs before it serves', async () => {
    const { open, told, pool } = pooled(['once it serves', 'never', 'before it serves'], {
      timeouts: { pingMs: 50, mostUnanswered: 60, mostUnansweredAtStart: 120 },
    });
    const { listener } = await open();
    expect(pool.serving).toBe(2);
    pool.setServing(true);
    await expect.poll(() => told.lost.length, { timeout: 20_000 }).toBe(2);
    expect(told.lost).toEqual([
      'stuck (stuck: no answer to 60 questions, one each 0.05 s)',
      'stuck (stuck: no answer to 120 questions, one each 0.05 s)',
    ]);
    await expect.poll(() => pool.serving, { timeout: 15_000 }).toBe(2);
    expect(told.started).toBe(4);
    // The new one is told what the others were.
    for (let count = 0; count < 2; count++) {
      const client = new RawClient(listener.address);
      expect((await client.unary('/grpc.health.v1.Health/Check')).toString('hex')).toBe('0801');
      client.close();
    }
  }, 60_000);

  it('takes a worker that dies for no stuck one', async () => {
    const children: ReturnType<typeof fork>[] = [];
    const { open, told, pool } = pooled([], {
      fork: () => {
        const child = fork(program, ['never']);
        children.push(child);
        return child;
      },
    });
    await open();
    children[0]?.kill('SIGKILL');
    await expect.poll(() => told.lost, { timeout: 5000 }).toEqual(['ended (SIGKILL)']);
    await expect.poll(() => pool.serving, { timeout: 15_000 }).toBe(2);
  });

  it('drains also where a worker hangs: it is killed when the time is up', async () => {
    const { open, pool } = pooled(['once it serves'], { workers: 1 });
    const { listener } = await open();
    pool.setServing(true);
    await listener.drain(200);
    expect(pool.serving).toBe(0);
  });
});
