import { expect, it } from 'vitest';
import { keyOf } from '../../src/script/script-call.ts';

const KEY = 'orders:orders/rate-limiting:k';

it('on one server a counter keeps its key when its API gets another quota policy', () => {
  const prefix = { text: 'm:', tagged: false };
  expect(keyOf(prefix, { slot: 'orders:k', key: KEY })).toBe(keyOf(prefix, { slot: 'orders', key: KEY }));
});

it('on a Cluster all counters of a slot are on one node', () => {
  const prefix = { text: 'm:', tagged: true };
  expect(keyOf(prefix, { slot: 'orders', key: KEY })).toBe(`m:{orders}${KEY}`);
});
