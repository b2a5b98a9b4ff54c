import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ReportSlotsRequestSchema, ReportSlotsResponseSchema } from '../../gen/ostiary/v1/telemetry_pb.js';
import type { ReportSlotsRequest, SlotPart } from '../../gen/ostiary/v1/telemetry_pb.js';
import type { SampledRequest } from '../analytics/sampled-request.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import { Assembly } from './assembly.ts';
import { MalformedSlot } from './read-slot.ts';
import { readSample } from './sample-message.ts';
import type { SlotIntake, Stored } from './slot-intake.ts';

export interface ReportPorts {
  readonly intake: SlotIntake;
  /** Stores samples. A sample that arrives again has the same id. Must not throw. */
  readonly takeSamples: (node: string, samples: readonly SampledRequest[]) => void | Promise<void>;
  /**
   * Decides whether the caller may report as this node.
   * @returns why not; undefined: it may
   */
  readonly refusal: (node: string, call: Call) => string | undefined;
  /** The most rows of a slot. */
  readonly mostRows: number;
}

/** `ostiary.v1.TelemetryService/ReportSlots`: receives slots from nodes, and acknowledges those that are stored. */
export function reportSlotsMethod(ports: ReportPorts): Method {
  return {
    kind: 'bidirectional',
    path: '/ostiary.v1.TelemetryService/ReportSlots',
    handle: (requests, call) => reportSlots(requests, call, ports),
  };
}

async function* reportSlots(
  requests: AsyncIterable<Uint8Array>,
  call: Call,
  ports: ReportPorts,
): AsyncGenerator<Uint8Array> {
  let assembly: Assembly | undefined;
  let node = '';
  for await (const bytes of requests) {
    const request = requestOf(bytes);
    if (assembly === undefined) {
      const why = request.node === '' ? 'node: a name is required' : ports.refusal(request.node, call);
      if (why !== undefined) throw new RpcError(Code.permissionDenied, why);
      node = request.node;
      assembly = new Assembly(node, ports.mostRows);
    } else if (request.node !== node) {
      throw new RpcError(Code.invalidArgument, `node: the stream is of ${node}, and no other node's`);
    }
    if (request.samples.length > 0) await ports.takeSamples(node, request.samples.flatMap(readSample));
    const answer = request.part && (await takePart(request.part, assembly, ports.intake));
    if (answer !== undefined) yield answer;
  }
}

function requestOf(bytes: Uint8Array): ReportSlotsRequest {
  try {
    return fromBinary(ReportSlotsRequestSchema, bytes);
  } catch {
    throw new RpcError(Code.invalidArgument, 'the message is no ReportSlotsRequest');
  }
}

/** @returns an answer, once the slot is complete */
async function takePart(part: SlotPart, assembly: Assembly, intake: SlotIntake): Promise<Uint8Array | undefined> {
  try {
    const slot = assembly.add(part);
    if (slot === undefined) return undefined;
    const stored = await intake.take(slot).catch(() => {
      throw new RpcError(Code.unavailable, 'slots can not be stored just now: send them again later');
    });
    return answerOf(part, stored);
  } catch (error) {
    if (error instanceof MalformedSlot) return refused(part, 'malformed');
    throw error;
  }
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
