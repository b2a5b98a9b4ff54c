import { objectKinds } from '../crd/kinds.ts';
import type { ObjectKind } from '../crd/kinds.ts';
import type { Condition } from '../kubernetes/object.ts';
import type { SidecarCounts, Standing } from './standings.ts';
import type { Judgement, Verdict } from './verdict.ts';

/** What the controller says of an object. */
export interface ObjectStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly sidecars?: SidecarCounts;
  readonly [field: string]: unknown;
}

/** What an object's sidecars make of it: one of the conditions, and the numbers. */
export interface Programming {
  readonly verdict: Verdict;
  readonly counts: SidecarCounts | undefined;
  /** It becomes true by itself, as soon as sidecars have acknowledged it. */
  readonly isUnderWay: boolean;
}

const NONE: SidecarCounts = { desired: 0, programmed: 0, stale: 0 };

/** @param standing of what of it is in the log; undefined: nothing is */
export function programmingOf(
  { isWritten, accepted }: Pick<Judgement, 'isWritten' | 'accepted'>,
  standing: Standing | undefined,
): Programming {
  const says = (isTrue: boolean, reason: string, message: string, isUnderWay = false): Programming => {
    const { desired, programmed, stale } = standing ?? NONE;
    return { verdict: { isTrue, reason, message }, counts: { desired, programmed, stale }, isUnderWay };
  };
  if (!isWritten || standing === undefined) {
    const kept = standing === undefined ? 'Nothing of it is enforced' : 'What was accepted before stays enforced';
    return says(false, accepted.isTrue ? 'RefsNotResolved' : 'NotAccepted', `${kept}; see the other conditions`);
  }
  const { desired, stale, rejection } = standing;
  if (desired === 0)
    return says(
      false,
      'NoSidecars',
      'No sidecar that should enforce it has joined the control plane: nothing enforces it',
    );
  if (stale === 0) return says(true, 'Programmed', 'Every sidecar that should enforces it');
  if (rejection !== undefined)
    return says(false, 'Rejected', `A sidecar could not put it in force, and keeps what it had: ${rejection}`);
  return says(false, 'Pending', 'Not every sidecar has acknowledged it: status.sidecars has the numbers', true);
}

/**
 * The status as it should be.
 * @param before as it is: a condition that is as it was keeps its time
 * @param more what an object of this kind says besides
 * @param now RFC 3339
 */
export function statusOf(
  kind: ObjectKind,
  judgement: Judgement,
  programming: Programming,
  before: ObjectStatus,
  now: string,
  more: Readonly<Record<string, unknown>> = {},
): ObjectStatus {
  const { generation, accepted, resolved } = judgement;
  const verdicts = { Accepted: accepted, ResolvedRefs: resolved, Programmed: programming.verdict };
  const types = objectKinds[kind].conditions;
  return {
    observedGeneration: generation,
    conditions: types.map((type): Condition => {
      const { isTrue, reason, message } = verdicts[type];
      const status = isTrue ? 'True' : 'False';
      const earlier = before.conditions?.find((each) => each.type === type);
      const lastTransitionTime = earlier?.status === status ? earlier.lastTransitionTime : now;
      return { type, status, observedGeneration: generation, lastTransitionTime, reason, message: cut(message) };
    }),
    ...(types.includes('Programmed') && programming.counts !== undefined && { sidecars: programming.counts }),
    ...more,
  };
}

/** Of what has changed, the most urgent. */
export type Difference = 'none' | 'numbers' | 'conditions';

export function differenceOf(before: ObjectStatus, after: ObjectStatus): Difference {
  const { sidecars: countsBefore, conditions: one = [], ...restBefore } = before;
  const { sidecars: countsAfter, conditions: other = [], ...restAfter } = after;
  const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
  if (!isSame(restBefore, restAfter) || !isSame(one.map(essence), other.map(essence))) return 'conditions';
  return isSame(countsBefore, countsAfter) ? 'none' : 'numbers';
}

function essence({ type, status, observedGeneration, reason, message }: Condition): readonly unknown[] {
  return [type, status, observedGeneration, reason, message];
}

/** Longest message of a condition, in characters; the API takes ten times as many. */
const LONGEST = 3000;

function cut(message: string): string {
  return message.length <= LONGEST ? message : `${message.slice(0, LONGEST - 1)}…`;
}

/** With the fields of objects in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)]));
}
