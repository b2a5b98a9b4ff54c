import { expect, it } from 'vitest';
import { compile } from '../../src/cel/compile.ts';
import { CelFault } from '../../src/cel/syntax.ts';
import { TYPES, expressionOf, randomOf } from './generated.ts';
import { ofLibrary, words } from './library.ts';
import { sample, variables } from './sample.ts';

/** The same expressions each time; `OSTIARY_TEST_SEED` tries others. */
const seed = Number(process.env['OSTIARY_TEST_SEED'] ?? 20_261_127);
const EXPRESSIONS = 10_000;

it(`${EXPRESSIONS} expressions have the value that @bufbuild/cel gives them, errors included (seed ${seed})`, () => {
  const random = randomOf(seed);
  const found: string[] = [];
  const counts = { compared: 0, failed: 0, refused: 0 };
  for (let i = 0; i < EXPRESSIONS; i++) {
    const source = expressionOf(TYPES[i % TYPES.length] ?? 'bool', 3, random);
    const ours = outcomeOf(source);
    counts[ours === undefined ? 'refused' : ours === 'error' ? 'failed' : 'compared']++;
    const theirs = ours === undefined ? undefined : ofLibrary(source, sample);
    if (ours !== theirs) found.push(`${source}\n  ours:   ${ours}\n  theirs: ${theirs}`);
  }
  expect(found.toSorted((one, other) => one.length - other.length).slice(0, 10)).toEqual([]);
  // What the compiler refuses is not compared: it must stay the exception. Both values and errors must be many.
  expect(counts.refused).toBeLessThan(EXPRESSIONS / 5);
  expect(counts.compared).toBeGreaterThan(EXPRESSIONS / 3);
  expect(counts.failed).toBeGreaterThan(EXPRESSIONS / 20);
});

/** Undefined where the compiler refuses the expression. */
function outcomeOf(source: string): string | undefined {
  try {
    return words(compile(source, variables).evaluate(sample));
  } catch (error) {
    if (error instanceof CelFault) return undefined;
    throw error;
  }
}
