import { create, toBinary } from '@bufbuild/protobuf';
import { ReportSlotsResponseSchema } from '../../gen/ostiary/v1/telemetry_pb.js';
import type { ReportSlotsRequest, SlotPart } from '../../gen/ostiary/v1/telemetry_pb.js';
import type { SampledRequest } from '../analytics/sampled-request.ts';
import type { Clock, Timers } from '../clock.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import { Assembly } from './assembly.ts';
import { NodePace, USUAL_PACE } from './node-pace.ts';
import type { Pace } from './node-pace.ts';
import { MalformedSlot } from './read-slot.ts';
import { readReport } from './report-message.ts';
import { readSample } from './sample-message.ts';
import type { SlotFate, SlotIntake, Stored } from './slot-intake.ts';

export interface ReportPorts {
  readonly intake: SlotIntake;
  /** Stores samples. A sample that arrives again has the same id. Must not throw. */
  readonly takeSamples: (node: string, samples: readonly SampledRequest[]) => void | Promise<void>;
  /**
   * @returns the node that the caller is, by its credential
   * @throws RpcError (rejects with it) if it is none
   */
  readonly identify: (call: Call) => Promise<string>;
  /** The most rows of a slot. */
  readonly mostRows: number;
  readonly pace?: Pace;
  readonly clock: Clock;
  readonly timers: Timers;
  /** What became of a slot, or of a message that is none. */
  readonly settled: (node: string, fate: SlotFate | 'refused', detail: string) => void;
}

/** A node that was forgotten reports no longer than this. */
const IDENTIFY_EACH_MS = 10_000;
const MOST_PACES = 20_000;
/** Of all nodes, in memory at once: some 200 MB. */
const MOST_ROWS_UNDER_WAY = 400_000;
const LONGEST_PAUSE_MS = 5000;

/** `ostiary.v1.TelemetryService/ReportSlots`: receives slots from nodes, and acknowledges those that are stored. */
export function reportSlotsMethod(ports: ReportPorts): Method {
  const reports = new Reports(ports);
  return {
    kind: 'bidirectional',
    path: '/ostiary.v1.TelemetryService/ReportSlots',
    handle: (requests, call) => reports.report(requests, call),
  };
}

class Reports {
  readonly #ports: ReportPorts;
  /** Ends the stream of a node, by its name. */
  readonly #open = new Map<string, (error: RpcError) => void>();
  readonly #paces = new Map<string, NodePace>();
  /** Rows of slots that are not stored yet. */
  #rows = 0;

  constructor(ports: ReportPorts) {
    this.#ports = ports;
  }

  async *report(requests: AsyncIterable<Uint8Array>, call: Call): AsyncGenerator<Uint8Array> {
    const { identify } = this.#ports;
    const node = await identify(call);
    const replaced = Promise.withResolvers<never>();
    replaced.promise.catch(() => {});
    // One that lost its connection may be back before that is known here.
    this.#open.get(node)?.(new RpcError(Code.aborted, 'the sidecar has opened another stream'));
    this.#open.set(node, replaced.reject);
    const incoming = requests[Symbol.asyncIterator]();
    try {
      yield* this.#take(node, incoming, call, replaced.promise);
    } finally {
      if (this.#open.get(node) === replaced.reject) this.#open.delete(node);
      void incoming.return?.();
    }
  }

  async *#take(
    node: string,
    incoming: AsyncIterator<Uint8Array>,
    call: Call,
    replaced: Promise<never>,
  ): AsyncGenerator<Uint8Array> {
    const { clock, identify, mostRows, takeSamples } = this.#ports;
    const assembly = new Assembly(node, mostRows);
    const pace = this.#paceOf(node);
    let held = 0;
    const hold = (rows: number): void => {
      this.#rows += rows - held;
      held = rows;
    };
    try {
      for (let identifiedAt = clock.monotonic(); ;) {
        const { done, value } = await Promise.race([incoming.next(), replaced]);
        if (done === true) return;
        const { part, samples } = this.#read(node, value);
        if (clock.monotonic() - identifiedAt > IDENTIFY_EACH_MS) {
          await identify(call);
          identifiedAt = clock.monotonic();
        }
        const taken = samples.slice(0, pace.samples(samples.length));
        if (taken.length > 0) await takeSamples(node, taken.flatMap(readSample));
        if (part === undefined) continue;
        const rows = part.rows?.count.length ?? 0;
        hold(assembly.rows + rows);
        if (this.#rows > MOST_ROWS_UNDER_WAY && this.#rows > held)
          throw new RpcError(Code.resourceExhausted, 'other sidecars send too much just now: send it again later');
        const answer = await this.#takePart(node, part, assembly, pace);
        hold(assembly.rows);
        if (answer !== undefined) yield answer;
        await this.#pause(pace.slot(rows));
      }
    } finally {
      hold(0);
    }
  }

  #read(node: string, bytes: Uint8Array): ReportSlotsRequest {
    try {
      const request = readReport(bytes);
      if (request.node === node) return request;
      const other = JSON.stringify(request.node.slice(0, 253));
      throw new RpcError(Code.permissionDenied, `node: the credential is of ${node}, and tells nothing of ${other}`);
    } catch (error) {
      this.#ports.settled(node, 'refused', (error as Error).message);
      throw error;
    }
  }

  /** @returns an answer, once the slot is complete */
  async #takePart(node: string, part: SlotPart, assembly: Assembly, pace: NodePace): Promise<Uint8Array | undefined> {
    const { intake, settled } = this.#ports;
    try {
      const slot = assembly.add(part);
      if (slot === undefined) return undefined;
      if (!pace.epoch(slot.epoch))
        throw new RpcError(Code.resourceExhausted, 'epoch: more processes of this node have begun than can be');
      const stored = await intake.take(slot).catch(() => {
        throw new RpcError(Code.unavailable, 'slots can not be stored just now: send them again later');
      });
      settled(node, stored.fate, stored.fate === 'ahead' || stored.fate === 'too_old' ? timeOf(slot.startMs) : '');
      return answerOf(part, stored);
    } catch (error) {
      if (error instanceof RpcError && error.code === Code.resourceExhausted) settled(node, 'refused', error.message);
      if (!(error instanceof MalformedSlot)) throw error;
      settled(node, 'malformed', error.message);
      return refused(part, 'malformed');
    }
  }

  #paceOf(node: string): NodePace {
    const known = this.#paces.get(node) ?? new NodePace(this.#ports.pace ?? USUAL_PACE, this.#ports.clock);
    // The one that was used least lately makes room.
    this.#paces.delete(node);
    this.#paces.set(node, known);
    const [oldest] = this.#paces.keys();
    if (this.#paces.size > MOST_PACES && oldest !== undefined) this.#paces.delete(oldest);
    return known;
  }

  async #pause(delayMs: number): Promise<void> {
    if (delayMs <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ports.timers.after(Math.min(LONGEST_PAUSE_MS, delayMs), resolve);
    await promise;
  }
}

function timeOf(ms: number): string {
  return new Date(Math.min(8.64e15, ms)).toISOString();
}

function answerOf(part: SlotPart, { fate, received }: Stored): Uint8Array {
  if (fate === 'malformed' || fate === 'too_old' || fate === 'ahead') return refused(part, fate);
  const { epoch = part.epoch, through = 0, beyond = [] } = received ?? {};
  const receipt = { epoch, through: BigInt(through), beyond: beyond.map(BigInt) };
  return toBinary(ReportSlotsResponseSchema, create(ReportSlotsResponseSchema, { receipts: [receipt] }));
}

function refused({ epoch, sequence }: SlotPart, why: string): Uint8Array {
  const refusals = [{ epoch, sequence, why }];
  return toBinary(ReportSlotsResponseSchema, create(ReportSlotsResponseSchema, { refusals }));
}
