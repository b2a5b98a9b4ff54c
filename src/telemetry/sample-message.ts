import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { SampleSchema } from '../../gen/ostiary/v1/analytics_pb.js';
import type { Sample, SampleStep } from '../../gen/ostiary/v1/analytics_pb.js';
import { PolicyStep_Mode as Mode, PolicyStep_Result as Result } from '../../gen/ostiary/v1/inspection_pb.js';
import type { RequestEvent } from '../analytics/event.ts';
import { OUTCOMES } from '../analytics/outcome.ts';
import type { SampledRequest, SampledStep } from '../analytics/sampled-request.ts';

const MODES: Readonly<Record<SampledStep['mode'], Mode>> = { enforce: Mode.ENFORCE, shadow: Mode.SHADOW };
const RESULTS: Readonly<Record<SampledStep['result'], Result>> = {
  allow: Result.ALLOW,
  deny: Result.DENY,
  answer: Result.ANSWER,
  not_applicable: Result.NOT_APPLICABLE,
  not_reached: Result.NOT_REACHED,
  failed: Result.FAILED,
};

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
    steps: steps.map(({ name, policy, mode, result, reason, detail, durationMs }) => ({
      name,
      policy,
      mode: MODES[mode],
      result: RESULTS[result],
      reason: reason ?? '',
      detail: detail ?? '',
      durationMs,
    })),
  });
}

/** The text fields of a sample. The message has an empty text where the event has no field. */
const TEXTS = [
  'api',
  'apiVersion',
  'route',
  'client',
  'clientId',
  'contract',
  'tier',
  'policy',
  'reason',
  'details',
  'clientAddress',
  'userAgent',
  'requestId',
  'traceId',
  'source',
  'destination',
  'service',
  'upstreamHost',
] as const satisfies readonly (keyof RequestEvent & keyof Sample)[];

const MOST_STEPS = 1000;
/** The latest time that a `Date` can hold. */
const LATEST_MS = 8.64e15;

/** @returns the sample; empty if it is malformed, or has an outcome that this version does not know */
export function readSample(sample: Sample): readonly SampledRequest[] {
  const outcome = OUTCOMES.find((known) => known === sample.outcome);
  const receivedAt = sample.received === undefined ? Number.NaN : timestampMs(sample.received);
  const endedAt = sample.ended === undefined ? receivedAt : timestampMs(sample.ended);
  const isInTime = [receivedAt, endedAt].every((ms) => ms >= 0 && ms <= LATEST_MS);
  if (sample.id === '' || outcome === undefined || !isInTime || sample.steps.length > MOST_STEPS) return [];
  const texts = TEXTS.flatMap((name) => (sample[name] === '' ? [] : [[name, sample[name]] as const]));
  const { shadow, grpcStatus, durationMs, upstreamMs, policyMs } = sample;
  const event: RequestEvent = {
    id: sample.id,
    receivedAt,
    endedAt,
    outcome,
    method: sample.method,
    status: sample.status,
    responseFlags: sample.responseFlags,
    requestBytes: Number(sample.requestBytes),
    responseBytes: Number(sample.responseBytes),
    ...Object.fromEntries(texts),
    ...(shadow.length > 0 && { shadow }),
    ...(grpcStatus !== undefined && { grpcStatus }),
    ...(durationMs !== undefined && { durationMs }),
    ...(upstreamMs !== undefined && { upstreamMs }),
    ...(policyMs !== undefined && { policyMs }),
  };
  return [{ event, steps: sample.steps.flatMap(readStep) }];
}

function readStep({ name, policy, mode, result, reason, detail, durationMs }: SampleStep): readonly SampledStep[] {
  const known = (Object.keys(RESULTS) as SampledStep['result'][]).find((each) => RESULTS[each] === result);
  if (known === undefined) return [];
  const step: SampledStep = {
    name,
    policy,
    mode: mode === Mode.SHADOW ? 'shadow' : 'enforce',
    result: known,
    durationMs,
  };
  return [{ ...step, ...(reason !== '' && { reason }), ...(detail !== '' && { detail }) }];
}
