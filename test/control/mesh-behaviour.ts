import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { QueryRequestSchema, QueryResponseSchema } from '../../gen/ostiary/v1/analytics_pb.js';
import { ReportSlotsRequestSchema, ReportSlotsResponseSchema } from '../../gen/ostiary/v1/telemetry_pb.js';
import { systemTimers as timers } from '../../src/clock.ts';
import { openMesh } from '../../src/control/mesh.ts';
import type { Mesh } from '../../src/control/mesh.ts';
import { Code, RpcError } from '../../src/grpc/rpc.ts';
import type { Call } from '../../src/grpc/rpc.ts';
import type { HistoryPlace } from '../../src/history/open-history.ts';
import { Registry } from '../../src/observe/prometheus.ts';
import type { Slot } from '../../src/rollup/slot.ts';
import type { SidecarRecord } from '../../src/sync/sidecar-store.ts';
import { EVERYTHING } from '../../src/sync/scope.ts';
import { partsOf } from '../../src/telemetry/slot-message.ts';
import { rowOf, slotOf } from '../rollup/kept-slots.ts';
import { ResourceIndex } from '../../src/control/resource-index.ts';
import { ADMINISTRATOR } from './administrator.ts';

const NOON = Date.UTC(2026, 10, 28, 12);
const NODES = ['eu-1', 'eu-2', 'eu-3'];
const ADMIN = 'Bearer admin';

function recordOf(node: string): SidecarRecord {
  return {
    node,
    version: '',
    labels: {},
    enforcedRevision: 0,
    enforcedAt: 0,
    faults: [],
    otherHistory: '',
    maxStaleMs: 0,
    isConnected: true,
    hasLeft: false,
    lastContactAt: NOON,
    scope: EVERYTHING,
    joinedAt: NOON - 3_600_000,
  };
}

interface Opened {
  readonly mesh: Mesh;
  readonly told: string[];
  readonly forgotten: Set<string>;
  /** @returns the refusals; throws what ends the stream */
  report(node: string, messages: readonly Uint8Array[]): Promise<readonly string[]>;
  /** Requests by status. */
  counts(): Promise<{ readonly [status: string]: number }>;
  readonly query: (authorization?: string) => Promise<ReturnType<typeof answerOf>>;
}

const answerOf = (bytes: Uint8Array) => fromBinary(QueryResponseSchema, bytes);

export async function opened(place: HistoryPlace, now = NOON): Promise<Opened> {
  const told: string[] = [];
  const forgotten = new Set<string>();
  const tell = (message: string, fields?: object): void => void told.push(`${message} ${JSON.stringify(fields)}`);
  const mesh = await openMesh(place, {
    sidecars: {
      list: async () => NODES.filter((node) => !forgotten.has(node)).map(recordOf),
    },
    async identify({ authorization }) {
      const node = NODES.find((each) => authorization === `Bearer credential-of-${each}`);
      if (node === undefined || forgotten.has(node))
        throw new RpcError(Code.unauthenticated, 'the credential is unknown here');
      return { node };
    },
    access: async (_path, { authorization }) => {
      if (authorization === ADMIN) return ADMINISTRATOR;
      throw new RpcError(Code.unauthenticated, 'no');
    },
    index: { current: async () => ({ index: new ResourceIndex(), history: '', revision: 0 }) },
    resources: { resources: async () => [] },
    clock: { now: () => now, monotonic: () => performance.now() },
    timers,
    log: { debug: tell, info: tell, warn: tell, error: tell } as never,
    registry: new Registry(),
  });
  const method = (name: string) => {
    const found = mesh.methods.find(({ path }) => path.endsWith(`/${name}`));
    if (found === undefined) throw new TypeError(name);
    return found;
  };
  const call = (authorization: string): Call => ({
    deadline: Infinity,
    signal: new AbortController().signal,
    authorization,
  });
  const query = async (authorization = ADMIN) => {
    const { kind, handle } = method('Query');
    if (kind !== 'unary') throw new TypeError(kind);
    const time = { since: { seconds: BigInt(NOON / 1000 - 7200) }, until: { seconds: BigInt(NOON / 1000 + 7200) } };
    const request = toBinary(QueryRequestSchema, create(QueryRequestSchema, { by: ['status'], time }));
    return answerOf(await handle(request, call(authorization)));
  };
  return {
    mesh,
    told,
    forgotten,
    async report(node, messages) {
      const { kind, handle } = method('ReportSlots');
      if (kind !== 'bidirectional') throw new TypeError(kind);
      async function* sent(): AsyncGenerator<Uint8Array> {
        yield* messages;
      }
      const refusals: string[] = [];
      for await (const bytes of handle(sent(), call(`Bearer credential-of-${node}`)))
        refusals.push(...fromBinary(ReportSlotsResponseSchema, bytes).refusals.map(({ why }) => why));
      return refusals;
    },
    async counts() {
      const { rows } = await query();
      return Object.fromEntries(rows.map(({ values, usage }) => [values[0] ?? '', Number(usage?.count)]));
    },
    query,
  };
}

function slot(node: string, sequence: number, count: number, more: Partial<Slot> = {}): Slot {
  const row = rowOf({ api: 'orders', client: node, status: '200', outcome: 'processed' }, count);
  return slotOf(NOON - 600_000 + sequence * 10_000, [row], { node, epoch: '0000000a', sequence, ...more });
}

function framed(of: Slot, node = of.node): Uint8Array[] {
  return [...partsOf(of)].map((part) =>
    toBinary(ReportSlotsRequestSchema, create(ReportSlotsRequestSchema, { node, part })),
  );
}

export function takesCountsOfAllSidecars(newPlace: () => Promise<HistoryPlace>): void {
  test('counts each slot of each sidecar once, whichever control plane takes it, and however often it is sent', async () => {
    const place = await newPlace();
    const isShared = place.databaseUrl !== undefined;
    const first = await opened(place);
    const second = isShared ? await opened(place) : first;
    await Promise.all(
      NODES.map(async (node, at) => {
        for (const sequence of [1, 2, 3]) {
          await first.report(node, framed(slot(node, sequence, 10 + at)));
          await second.report(node, framed(slot(node, sequence, 10 + at)));
        }
      }),
    );
    expect(await second.counts()).toEqual({ 200: 3 * (10 + 11 + 12) });
    await first.mesh.close();
    if (isShared) await second.mesh.close();
  });

  test('takes nothing of a sidecar that lies, and everything of the others', async () => {
    const plane = await opened(await newPlace());
    const good = plane.report('eu-2', framed(slot('eu-2', 1, 5)));
    await expect(plane.report('eu-1', framed(slot('eu-1', 1, 7), 'eu-2'))).rejects.toThrow(/tells nothing of "eu-2"/);
    await expect(plane.report('eu-1', [new Uint8Array(9_000_000)])).rejects.toThrow(/9000000 bytes/);
    await expect(plane.report('eu-9', framed(slot('eu-9', 1, 7)))).rejects.toThrow(/credential is unknown/);
    const ahead = slot('eu-1', 2, 7, { startMs: NOON + 7_200_000 });
    const old = slot('eu-1', 3, 7, { startMs: NOON - 40 * 86_400_000 });
    const huge = slot('eu-1', 4, 2 ** 45);
    const garbage = slot('eu-1', 5, 7, { rows: [rowOf({ client: 'a\0b' }, 7)] });
    const odd = slot('eu-1', 6, 7, { startMs: NOON + 1 });
    const all = [ahead, old, huge, garbage, odd].flatMap((each) => framed(each));
    expect(await plane.report('eu-1', all)).toEqual(['ahead', 'too_old', 'malformed', 'malformed', 'malformed']);
    await good;
    await plane.report('eu-3', framed(slot('eu-3', 1, 6)));
    expect(await plane.counts()).toEqual({ 200: 11 });
    expect(plane.told.filter((line) => line.includes('clock of its machine'))).toHaveLength(1);
    expect(plane.told.every((line) => line.includes('eu-1'))).toBe(true);
    await plane.mesh.close();
  });

  test('takes strange texts as they are, and answers only who may know', async () => {
    const plane = await opened(await newPlace());
    const rows = ["'; DROP TABLE history_text; --", '\u{1F600}\u202E', '\uFFFD"\\'].map((client) =>
      rowOf({ client, status: '200' }, 2),
    );
    expect(await plane.report('eu-1', framed(slot('eu-1', 1, 1, { rows })))).toEqual([]);
    expect(await plane.counts()).toEqual({ 200: 6 });
    await expect(plane.query('Bearer credential-of-eu-1')).rejects.toThrow('no');
    await plane.mesh.close();
  });

  test('tells whose counts are missing', async () => {
    const plane = await opened(await newPlace());
    plane.forgotten.add('eu-3');
    const last = 57;
    await plane.report('eu-1', framed(slot('eu-1', last, 1)));
    await plane.report('eu-2', framed(slot('eu-2', 12, 1)));
    const { completeness } = await plane.query();
    expect(completeness?.missingNodes).toBe(1);
    expect(completeness?.missing).toMatchObject([
      { node: 'eu-2', since: { seconds: BigInt(NOON / 1000 - 600 + 130) } },
    ]);
    await plane.mesh.close();
  });
}
