/** `ostiary.v1.ProbeService`: whether a request of an operator came to be decided. */
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Outcome } from '../../gen/ostiary/v1/inspection_pb.js';
import * as proto from '../../gen/ostiary/v1/probe_pb.js';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import { NONCE } from './probe-watch.ts';
import type { ProbeDesk, Sighting } from './probe-watch.ts';
import { unaryOf } from './unary.ts';

const unary = unaryOf('ostiary.v1.ProbeService');

const OUTCOMES: Readonly<Record<Sighting['outcome'], Outcome>> = {
  allow: Outcome.ALLOW,
  deny: Outcome.DENY,
  answer: Outcome.ANSWER,
};

export function probeMethods(desk: ProbeDesk): readonly Method[] {
  return [
    unary('ExpectProbe', proto.ExpectProbeRequestSchema, proto.ExpectProbeResponseSchema, async ({ nonce }) => {
      const until = await desk.expect(checked(nonce));
      if (until === undefined) throw new RpcError(Code.resourceExhausted, 'too many probes are under way: try again');
      return create(proto.ExpectProbeResponseSchema, { until: timestampFromMs(until) });
    }),
    unary('TellProbe', proto.TellProbeRequestSchema, proto.TellProbeResponseSchema, async ({ nonce }) => {
      const sightings = await desk.tell(checked(nonce));
      if (sightings === undefined) {
        throw new RpcError(Code.notFound, 'nonce: it is not waited for here, or no longer: ask ExpectProbe first');
      }
      return create(proto.TellProbeResponseSchema, { sightings: sightings.map(toSighting) });
    }),
  ];
}

function checked(nonce: string): string {
  if (NONCE.test(nonce)) return nonce;
  throw new RpcError(Code.invalidArgument, 'nonce: expected 22 to 64 letters, digits, dashes and underscores');
}

function toSighting({ decidedAt, outcome, ...rest }: Sighting): proto.Sighting {
  return create(proto.SightingSchema, { decided: timestampFromMs(decidedAt), outcome: OUTCOMES[outcome], ...rest });
}
