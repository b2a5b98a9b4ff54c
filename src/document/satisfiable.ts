/** A variable, counted from 1, or with a minus sign its negation. */
export type Literal = number;
/** At least one of them holds. */
export type Clause = readonly Literal[];

/** Steps of a search: far more than documents that people write need. */
const MOST_STEPS = 20_000;

/**
 * Looks for truth values under which all clauses hold (Davis, Logemann, Loveland 1962).
 * @returns the variables that are true; undefined where there are none; `unknown` where the search was given up
 */
export function satisfiable(clauses: readonly Clause[]): ReadonlySet<number> | undefined | 'unknown' {
  const steps = { left: MOST_STEPS };
  const found = search(clauses, new Map(), steps);
  if (found === undefined) return steps.left <= 0 ? 'unknown' : undefined;
  return new Set([...found].filter(([, isTrue]) => isTrue).map(([variable]) => variable));
}

type Values = ReadonlyMap<number, boolean>;

function search(clauses: readonly Clause[], values: Values, steps: { left: number }): Values | undefined {
  if (--steps.left <= 0) return undefined;
  const known = new Map(values);
  let open = clauses;
  for (;;) {
    const rest = simplified(open, known);
    if (rest === undefined) return undefined;
    const single = rest.find(({ length }) => length === 1)?.[0];
    open = rest;
    if (single === undefined) break;
    known.set(Math.abs(single), single > 0);
  }
  const chosen = open[0]?.[0];
  if (chosen === undefined) return known;
  const variable = Math.abs(chosen);
  return (
    search(open, new Map(known).set(variable, chosen > 0), steps) ??
    search(open, new Map(known).set(variable, chosen < 0), steps)
  );
}

/** Undefined: a clause can hold no more. */
function simplified(clauses: readonly Clause[], values: Values): readonly Clause[] | undefined {
  const rest: Clause[] = [];
  for (const clause of clauses) {
    if (clause.some((literal) => values.get(Math.abs(literal)) === literal > 0)) continue;
    const open = clause.filter((literal) => !values.has(Math.abs(literal)));
    if (open.length === 0) return undefined;
    rest.push(open);
  }
  return rest;
}
