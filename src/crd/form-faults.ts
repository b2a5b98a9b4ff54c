import { formatPath } from '../document/issues.ts';
import { isObject } from './json.ts';
import type { Json } from './json.ts';
import { invalid } from './object-fault.ts';
import type { ObjectFault } from './object-fault.ts';

/** Where an object says something as a document does, and the API server would not take it. */
export function formFaults(kind: string, spec: Json): readonly ObjectFault[] {
  const faults: ObjectFault[] = [];
  const fault = (path: readonly PropertyKey[], message: string): void =>
    void faults.push(invalid(formatPath(['spec', ...path]), message));
  if (kind === 'Api') apiFaults(spec, fault);
  if (kind === 'Alert') alertFaults(spec, fault);
  return faults;
}

type Report = (path: readonly PropertyKey[], message: string) => void;

function apiFaults({ public: open, tiers }: Json, fault: Report): void {
  if (open !== undefined && !isObject(open)) fault(['public'], 'expected a mapping: all: true, or requests');
  if (!Array.isArray(tiers)) return;
  for (const [at, tier] of tiers.entries()) {
    if (!isObject(tier)) continue;
    for (const [limits, unlimited] of [
      ['limits', 'unlimited'],
      ['proposedLimits', 'proposedUnlimited'],
    ] as const)
      if (typeof tier[limits] === 'string')
        fault(['tiers', at, limits], `expected a list; or ${unlimited}: true in its place`);
  }
}

function alertFaults({ threshold, filter }: Json, fault: Report): void {
  if (typeof threshold === 'number' && !Number.isInteger(threshold))
    fault(['threshold'], 'expected a number with a fraction in quotes');
  for (const [dimension, value] of Object.entries(isObject(filter) ? filter : {}))
    if (typeof value === 'string') fault(['filter', dimension], 'expected a list');
}
