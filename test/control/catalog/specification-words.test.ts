import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { SpecificationWords } from '../../../src/control/catalog/specification-words.ts';

/** As many as are known at once. */
const MOST = 1_000_000;

test('texts that are gone or were written again leave room for words of others', () => {
  const words = new SpecificationWords();
  const begun = (from: number): string => Array.from({ length: 8000 }, (_, at) => `w${from + at}`).join(' ');
  for (let from = 0; from <= MOST; from += 8000) words.set('shop/changes-often', begun(from));
  words.set('food/menu', 'pancakes');
  expect(words.beginning('panc')?.('food/menu')).toBe(true);
  // What the text says no longer is found nowhere.
  expect(words.beginning('w7999')).toBeUndefined();
  expect(words.beginning(`w${MOST}`)?.('shop/changes-often')).toBe(true);
  words.delete('food/menu');
  expect(words.beginning('panc')).toBeUndefined();
  words.set('food/drinks', 'pandan pancakes');
  expect(words.beginning('panc')?.('food/drinks')).toBe(true);
  expect(words.beginning('panc')?.('shop/changes-often')).toBe(false);
});

test('a word that two texts have stays while one has it', () => {
  const words = new SpecificationWords();
  words.set('one', 'orders parcels');
  words.set('two', 'orders');
  words.delete('one');
  expect(words.beginning('ord')?.('two')).toBe(true);
  expect(words.beginning('ord')?.('one')).toBe(false);
  expect(words.beginning('parc')).toBeUndefined();
});

test('texts are not kept by their words', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const words = new SpecificationWords();
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = heap();
  for (let at = 0; at < 60; at++) words.set(`text ${at}`, `${'ab '.repeat(330_000)} averylongwordofnumber${at}`);
  // They have 60 MB.
  expect(heap() - before).toBeLessThan(20_000_000);
  expect(words.size).toBe(60);
});
