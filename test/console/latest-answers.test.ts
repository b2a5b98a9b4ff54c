import { expect, test } from 'vitest';
import { LatestAnswers } from '../../console/src/api/latest-answers.ts';

test('of the answers that were shown lately, the oldest goes first', () => {
  const answers = new LatestAnswers(2);
  answers.keep('a', 1);
  answers.keep('b', 2);
  answers.keep('a', 3);
  answers.keep('c', 4);
  expect(['a', 'b', 'c'].map((key) => answers.get(key))).toEqual([3, undefined, 4]);
  answers.clear();
  expect(answers.get('a')).toBeUndefined();
});
