import { fromBinary } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { ReportSlotsRequestSchema } from '../../gen/ostiary/v1/telemetry_pb.js';
import type { ReportSlotsRequest } from '../../gen/ostiary/v1/telemetry_pb.js';
import { Code, RpcError } from '../grpc/rpc.ts';

/** More than any node sends in one: a part of a slot has at most a million characters. */
const MOST_BYTES = 4 * 1024 * 1024;
/** Two bytes can become an object of some hundred. */
const MOST_SAMPLE_BYTES = 512 * 1024;
const MOST_SAMPLES = 1000;
const SAMPLES = ReportSlotsRequestSchema.field.samples.number;

/**
 * Reads what a node has sent, within bounds that hold before anything is made of it.
 * @throws RpcError that says what is wrong
 */
export function readReport(bytes: Uint8Array): ReportSlotsRequest {
  if (bytes.length > MOST_BYTES)
    throw new RpcError(Code.resourceExhausted, `a message of ${bytes.length} bytes: at most ${MOST_BYTES} are taken`);
  try {
    if (hasFewSamples(bytes)) return fromBinary(ReportSlotsRequestSchema, bytes);
  } catch {
    throw new RpcError(Code.invalidArgument, 'the message is no ReportSlotsRequest');
  }
  throw new RpcError(
    Code.resourceExhausted,
    `samples: more than ${MOST_SAMPLES}, or than ${MOST_SAMPLE_BYTES} bytes, in one message`,
  );
}

function hasFewSamples(bytes: Uint8Array): boolean {
  const reader = new BinaryReader(bytes);
  let [samples, sampleBytes] = [0, 0];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const begun = reader.pos;
    reader.skip(type, field);
    if (field !== SAMPLES || type !== WireType.LengthDelimited) continue;
    samples += 1;
    sampleBytes += reader.pos - begun;
    if (samples > MOST_SAMPLES || sampleBytes > MOST_SAMPLE_BYTES) return false;
  }
  return true;
}
