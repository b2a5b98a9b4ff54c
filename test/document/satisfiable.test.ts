import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Formula } from '../../src/document/satisfiable.ts';
import type { Clause } from '../../src/document/satisfiable.ts';

const VARIABLES = 6;
const literal = fc.tuple(fc.integer({ min: 1, max: VARIABLES }), fc.boolean()).map(([n, isTrue]) => (isTrue ? n : -n));
const clauses = fc.array(fc.array(literal, { maxLength: 3 }), { maxLength: 24 });

function byTrying(all: readonly Clause[]): boolean {
  return Array.from({ length: 2 ** VARIABLES }, (_, bits) => bits).some((bits) =>
    all.every((clause) => clause.some((one) => ((bits >> (Math.abs(one) - 1)) & 1) === (one > 0 ? 1 : 0))),
  );
}

it('finds truth values where there are some, for one question after another', () => {
  let held = 0;
  fc.assert(
    fc.property(clauses, fc.array(fc.array(literal, { maxLength: 4 }), { maxLength: 4 }), (all, questions) => {
      const formula = new Formula(all);
      for (const assumed of questions) {
        const expected = byTrying([...all, ...assumed.map((one) => [one])]);
        if (expected) held += 1;
        expect([all, assumed, formula.mayHold(assumed)]).toEqual([all, assumed, expected]);
      }
    }),
    { numRuns: 3000 },
  );
  expect(held).toBeGreaterThan(500);
});

it('says that it may hold where it would take too long to tell', () => {
  // n + 1 pigeons in n holes: no.
  const holes = 12;
  const at = (pigeon: number, hole: number) => pigeon * holes + hole + 1;
  const pigeons = Array.from({ length: holes + 1 }, (_, pigeon) => pigeon);
  const places = Array.from({ length: holes }, (_, hole) => hole);
  const each = pigeons.map((pigeon) => places.map((hole) => at(pigeon, hole)));
  const apart = places.flatMap((hole) =>
    pigeons.flatMap((one) => pigeons.filter((other) => other < one).map((other) => [-at(one, hole), -at(other, hole)])),
  );
  expect(new Formula([...each, ...apart]).mayHold([])).toBe(true);
  expect(new Formula([[1], [-1, 2], [-2]]).mayHold([])).toBe(false);
});
