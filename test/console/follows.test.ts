import { expect, test } from 'vitest';
import { ANY, kindsOf } from '../../console/src/api/follows.ts';

const path = (name: string) => ({ path: `/ostiary.v1.ResourceService/${name}` });

test('an answer is asked for again when one of its kinds changes, and never where nothing is asked yet', () => {
  expect(kindsOf(path('Get'), { kind: 'Api', name: 'orders' })).toEqual(['Api']);
  expect(kindsOf(path('List'), { kinds: ['Api', 'Team'] })).toEqual(['Api', 'Team']);
  expect(kindsOf(path('List'), {})).toEqual([ANY]);
  expect(kindsOf(path('Get'), undefined)).toEqual([]);
  expect(kindsOf(path('List'), undefined)).toEqual([]);
});
