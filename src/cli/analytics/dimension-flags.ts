import type { Form } from '../../flags.ts';
import { didYouMean } from '../../nearest.ts';
import { DIMENSIONS } from '../../rollup/slot.ts';

const NAMES: readonly string[] = DIMENSIONS;

function faultOf(name: string): string | undefined {
  if (NAMES.includes(name)) return undefined;
  return `there is no dimension ${JSON.stringify(name)}${didYouMean(name, NAMES)} (there are ${NAMES.join(', ')})`;
}

/** `client,status`. */
export const dimensions: Form = (given) => {
  if (given === '') return `expected dimensions, such as client,status (there are ${NAMES.join(', ')})`;
  const names = given.split(',');
  const twice = names.find((name, at) => names.indexOf(name) < at);
  return names.map(faultOf).find((fault) => fault !== undefined) ?? (twice && `${twice} is there twice`);
};

/** A condition: `status=5xx`, `client=` (none), `outcome!=processed`. */
const CONDITION = /^([^=!]*)(!?=)(.*)$/s;

export const condition: Form = (given) => {
  const [, name] = CONDITION.exec(given) ?? [];
  return name === undefined ? 'expected DIMENSION=VALUE or DIMENSION!=VALUE, such as status=5xx' : faultOf(name);
};

interface Condition {
  readonly dimension: string;
  readonly values: string[];
  readonly excluded: boolean;
}

/** `Condition` in JSON. Of several of one dimension any may hold; of `!=` none may. */
export function conditionsOf(texts: readonly string[]): readonly Condition[] {
  const found = new Map<string, Condition>();
  for (const text of texts) {
    const [, dimension = '', operator = '', value = ''] = CONDITION.exec(text) ?? [];
    const known = found.get(dimension + operator);
    if (known === undefined)
      found.set(dimension + operator, { dimension, values: [value], excluded: operator === '!=' });
    else known.values.push(value);
  }
  return [...found.values()];
}
