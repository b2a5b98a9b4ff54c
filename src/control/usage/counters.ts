import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  InspectCountersRequestSchema,
  InspectCountersResponseSchema,
  InspectionService,
} from '../../../gen/ostiary/v1/inspection_pb.js';
import type { Counter } from '../../../gen/ostiary/v1/inspection_pb.js';
import type { Followers } from '../../sync/followers.ts';

/** A window as a sidecar counts it. */
export interface CountedWindow {
  readonly maximumRequests: number;
  readonly windowMs: number;
  readonly used: number;
  /** 0: none is open. */
  readonly endsInMs: number;
}

export interface Counted {
  /** Those that were asked. */
  readonly asked: number;
  /** Those that count for this client. */
  readonly counting: number;
  readonly differs: boolean;
  /** Of the sidecar that has the least left. */
  readonly windows: readonly CountedWindow[];
}

const SLA = 'rate-limiting-sla';
const METHOD = `/${InspectionService.typeName}/${InspectionService.method.inspectCounters.name}`;
const TIMEOUT_MS = 2000;
/** With a store that they share, each knows the same: more would not tell more. */
const MOST_ASKED = 20;

/**
 * Asks sidecars what their counters say of a client at an API.
 * @param api as the data plane calls it
 */
export async function countersOf(
  followers: Pick<Followers, 'ask' | 'nodes'>,
  { api, clientId }: { readonly api: string; readonly clientId: string },
): Promise<Counted> {
  const nodes = followers.nodes().slice(0, MOST_ASKED);
  const request = toBinary(InspectCountersRequestSchema, create(InspectCountersRequestSchema, { api, clientId }));
  const answers = await Promise.all(
    nodes.map((node) =>
      followers
        .ask(node, { method: METHOD, request, timeoutMs: TIMEOUT_MS })
        .then((answer) => (answer === undefined ? undefined : windowsIn(answer)))
        // One that has neither the API nor the contract, or no answer in time.
        .catch(() => undefined),
    ),
  );
  const told = answers.filter((each) => each !== undefined);
  const fullest = told.toSorted((a, b) => fullness(b) - fullness(a))[0] ?? [];
  return {
    asked: nodes.length,
    counting: told.length,
    differs: told.some((each) => isOther(each, fullest)),
    windows: fullest,
  };
}

/** @returns undefined: it limits nobody by a tier */
function windowsIn(answer: Uint8Array): readonly CountedWindow[] | undefined {
  const { policies } = fromBinary(InspectCountersResponseSchema, answer);
  return policies.find(({ policy }) => policy === SLA)?.counters.map(windowOf);
}

function windowOf({ limit, remainingBefore, resetMs, windowMs }: Counter): CountedWindow {
  const maximumRequests = Number(limit);
  return {
    maximumRequests,
    windowMs: Number(windowMs),
    used: Math.max(0, maximumRequests - Number(remainingBefore)),
    endsInMs: Number(resetMs),
  };
}

function fullness(windows: readonly CountedWindow[]): number {
  return Math.max(0, ...windows.map(({ maximumRequests, used }) => used / Math.max(1, maximumRequests)));
}

/** They are asked one after the other, while requests go on. */
const TOLERANCE = 0.02;

function isOther(one: readonly CountedWindow[], other: readonly CountedWindow[]): boolean {
  return one.some(({ maximumRequests, used }, at) => {
    const difference = Math.abs(used - (other[at]?.used ?? 0));
    return difference > Math.max(5, maximumRequests * TOLERANCE);
  });
}
