import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { SampleSchema } from '../../gen/ostiary/v1/analytics_pb.js';
import type { Sample } from '../../gen/ostiary/v1/analytics_pb.js';
import type { SampledRequest } from '../analytics/sampled-request.ts';
import { MODES, RESULTS } from './explanation.ts';

export function toSample({ event, steps }: SampledRequest): Sample {
  const { receivedAt, endedAt, shadow, responseFlags, requestBytes, responseBytes, ...texts } = event;
  return create(SampleSchema, {
    ...texts,
    received: timestampFromMs(receivedAt),
    ended: timestampFromMs(endedAt),
    shadow: [...(shadow ?? [])],
    responseFlags: [...responseFlags],
    requestBytes: BigInt(Math.round(requestBytes)),
    responseBytes: BigInt(Math.round(responseBytes)),
    steps: steps.map(({ name, policy, mode, result, reason, durationMs }) => ({
      name,
      policy,
      mode: MODES[mode],
      result: RESULTS[result],
      reason: reason ?? '',
      durationMs,
    })),
  });
}
