import { expect, test } from 'vitest';
import type { SampleQuestion } from '../../src/analytics/sampled-request.ts';
import { deskWithin } from '../../src/control/analytics-scope.ts';

test('samples of a client are not found by what its API keeps to itself', async () => {
  const asked: SampleQuestion[] = [];
  const scope = { apis: ['shop/orders'], clients: ['shop/web'] };
  const samples = {
    find(question: SampleQuestion) {
      asked.push(question);
      return [];
    },
  };
  const desk = deskWithin(scope, { archive: undefined, samples });
  const day = { sinceMs: 0, untilMs: 1, most: 10 };
  const of = (dimension: 'policy' | 'source' | 'reason') => ({
    ...day,
    where: [{ dimension, values: ['x'], isExcluded: false }],
  });
  for (const question of [day, of('reason'), of('policy'), of('source')]) await desk.samples?.find(question);
  const ofApis = { apis: ['shop/orders'], clients: [] };
  expect(asked.map(({ within }) => within)).toEqual([scope, scope, ofApis, ofApis]);
});
