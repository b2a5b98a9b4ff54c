import type { MessageInitShape } from '@bufbuild/protobuf';
import type { LimitSchema } from '../../gen/ostiary/v1/inspection_pb.js';
import type { Limit } from '../quota/limit.ts';

export function toLimit({
  name,
  maximumRequests,
  timePeriodInMilliseconds,
}: Limit): MessageInitShape<typeof LimitSchema> {
  return {
    name: name ?? '',
    maximumRequests: BigInt(maximumRequests),
    timePeriodInMilliseconds: BigInt(timePeriodInMilliseconds),
  };
}
