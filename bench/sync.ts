// How long a change takes to all sidecars of a control plane: node bench/sync.ts [streams] [changes]
// The sidecars are streams without documents in force, each on a connection of its own, in a process of their own.
import { fork } from 'node:child_process';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { FollowRequestSchema, FollowResponseSchema } from '../gen/ostiary/v1/sync_pb.js';
import { systemClock } from '../src/clock.ts';
import { grpcConnection } from '../src/sync/grpc-connection.ts';
import { api, client, contract, doc, MemoryLog, put } from '../test/sync/memory-log.ts';
import { listenControl } from '../test/sync/real-control.ts';

const STREAMS_VARIABLE = 'BENCH_STREAMS';
const { BENCH_STREAMS, BENCH_URL = '', BENCH_TOKEN = '' } = process.env;

/** How many streams have a revision. */
const counts = new Map<number, number>();

if (BENCH_STREAMS === undefined) await control(Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 40));
else await Promise.all(Array.from({ length: Number(BENCH_STREAMS) }, (_, number) => follow(`node-${number}`)));

async function control(streams: number, changes: number): Promise<void> {
  const log = new MemoryLog();
  await put(log, api('orders'), client('web'), contract('web-orders', 'web', 'orders'));
  const plane = await listenControl(log);
  const env = {
    ...process.env,
    [STREAMS_VARIABLE]: String(streams),
    BENCH_URL: plane.url,
    BENCH_TOKEN: await plane.token(),
  };
  const child = fork(import.meta.filename, [], { env });
  const received = new Map<number, number>();
  child.on('message', ({ revision, at }: { revision: number; at: number }) => void received.set(revision, at));
  const joined = systemClock.monotonic();
  while (plane.followers.size < streams) await new Promise((resolve) => setTimeout(resolve, 100));
  await plane.receipts.of(3, 60_000);
  console.log(`${streams} streams joined and in sync after ${(systemClock.monotonic() - joined).toFixed(0)} ms`);
  const last: number[] = [];
  const receipts: number[] = [];
  for (let change = 0; change < changes; change++) {
    const gone = change % 2 === 0;
    const began = systemClock.now();
    const [beganAt] = [systemClock.monotonic()];
    const revision = await put(
      log,
      gone ? doc('Contract', 'web-orders', undefined) : contract('web-orders', 'web', 'orders'),
    );
    const { enforced } = await plane.receipts.of(revision, 10_000);
    if (enforced !== streams) throw new Error(`${enforced} of ${streams} enforce revision ${revision}`);
    receipts.push(systemClock.monotonic() - beganAt);
    while (!received.has(revision)) await new Promise((resolve) => setTimeout(resolve, 5));
    last.push((received.get(revision) ?? 0) - began);
  }
  console.log(
    `the last of ${streams} has a change after p50 ${quantile(last, 0.5)} ms, p99 ${quantile(last, 0.99)} ms`,
  );
  console.log(`its receipt comes after p50 ${quantile(receipts, 0.5)} ms, p99 ${quantile(receipts, 0.99)} ms`);
  console.log(`resident: ${(process.memoryUsage().rss / 1024 / 1024).toFixed(0)} MiB`);
  child.kill();
  await plane.close();
}

async function follow(node: string): Promise<void> {
  const connection = grpcConnection(BENCH_URL, undefined, systemClock);
  const { credential } = await connection.join(BENCH_TOKEN, node, 'bench');
  const stream = connection.follow(credential);
  const send = (message: MessageInitShape<typeof FollowRequestSchema>['message']): void => {
    if (message !== undefined) stream.send(toBinary(FollowRequestSchema, create(FollowRequestSchema, { message })));
  };
  send({ case: 'hello', value: { version: 'bench' } });
  const pinging = setInterval(() => send({ case: 'ping', value: {} }), 10_000);
  for (let next = await stream.messages.next(); next.done !== true; next = await stream.messages.next()) {
    const { message } = fromBinary(FollowResponseSchema, next.value);
    const commit = message.case === 'update' ? message.value.commit : undefined;
    if (commit?.position === undefined) continue;
    const revision = Number(commit.position.revision);
    const count = (counts.get(revision) ?? 0) + 1;
    counts.set(revision, count);
    if (count === Number(BENCH_STREAMS)) process.send?.({ revision, at: systemClock.now() });
    send({ case: 'acknowledgement', value: { revision: commit.position.revision, stateHash: commit.stateHash } });
  }
  clearInterval(pinging);
}

function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(0);
}
