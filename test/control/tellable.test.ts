import { expect, test } from 'vitest';
import { tellable } from '../../src/control/tellable.ts';
import type { Fault } from '../../src/errors.ts';

const fault = (file: string, field: string, message: string): Fault => {
  return { file, line: 0, column: 0, field, message };
};
const told = (found: readonly Fault[], seen: readonly Fault[]) =>
  tellable({ faults: found, warnings: [] }, { faults: seen, warnings: [] }, new Set(['mine'])).faults.map(
    ({ file, field, message }) => [file, field, message],
  );
const NOWHERE = fault('mine', 'spec.api', 'there is no Api of this name');

test('a reference to what one may not see reads as one to what is not there, whatever there is to say of it', () => {
  const retired = fault('mine', 'spec.api', 'this API is retired and takes no new contracts');
  const noTier = fault('mine', 'spec.tier', 'the API has no such tier');
  for (const found of [[], [retired], [retired, noTier], [NOWHERE]]) {
    expect(told(found, [NOWHERE])).toEqual([['mine', 'spec.api', 'there is no Api of this name']]);
  }
});

test('what contradicts a document that one may not see, and leads nowhere, is told without that document', () => {
  const taken = fault('mine', 'spec.basePath', 'orders of another team is here');
  const broken = fault('theirs', 'spec.api', 'there is no Api of this name');
  expect(told([taken, broken], [])).toEqual([
    ['mine', 'spec.basePath', expect.stringMatching(/^contradicts a document that you may not see/)],
    ['', '', expect.stringMatching(/^contradicts a document that you may not see/)],
  ]);
});
