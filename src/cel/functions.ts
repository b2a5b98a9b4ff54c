import { CONVERSIONS } from './conversions.ts';
import { NUMBER_OVERLOADS } from './numbers.ts';
import type { Overload, Prepare } from './overload.ts';
import { TEXT_OVERLOADS, TEXT_PREPARED } from './texts.ts';
import { TIME_OVERLOADS, TIME_PREPARED } from './times.ts';

export { TYPE_NAMES } from './conversions.ts';

/** All functions and operators whose result depends only on the values of their arguments. */
export const FUNCTIONS: ReadonlyMap<string, readonly Overload[]> = new Map(
  Object.entries({ ...NUMBER_OVERLOADS, ...CONVERSIONS, ...TEXT_OVERLOADS, ...TIME_OVERLOADS }),
);

export const PREPARED: ReadonlyMap<string, Prepare> = new Map(Object.entries({ ...TEXT_PREPARED, ...TIME_PREPARED }));

/** Operators as authors write them. */
export const SIGNS: ReadonlyMap<string, string> = new Map(
  [...FUNCTIONS.keys()].flatMap((name) =>
    /\w/.test(name.replaceAll('_', '')) ? [] : [[name, name.replaceAll('_', '')]],
  ),
);
