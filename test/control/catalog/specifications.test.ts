import { expect, test } from 'vitest';
import { Specifications } from '../../../src/control/catalog/specifications.ts';
import type { ResourceIndex } from '../../../src/control/resource-index.ts';
import type { Resource } from '../../../src/registry/log.ts';

test('of another log, what a specification says is read again, whatever its revision', async () => {
  let text = 'before';
  const entry = { kind: 'Specification', namespace: 'shop', name: 'orders', revision: 7 };
  const specifications = new Specifications({
    resources: async () => [{ ...entry, document: { spec: { text } } } as unknown as Resource],
  });
  const index = { ofKind: () => [entry] } as unknown as ResourceIndex;
  const has = (word: string): boolean => specifications.words.beginning(word)?.('Specification shop/orders') === true;
  await specifications.upTo({ index, history: 'one', revision: 9 });
  expect([has('before'), has('after')]).toEqual([true, false]);
  text = 'after';
  await specifications.upTo({ index, history: 'other', revision: 9 });
  expect([has('before'), has('after')]).toEqual([false, true]);
});
