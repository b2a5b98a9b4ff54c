import { expect, test } from 'vitest';
import { pages, readPage } from './pages.ts';

test.each(pages)('%s calls the gateway by both of its names', async (page) => {
  // Renamed in 2026: who knows one name only finds it all the same.
  expect((await readPage(page)).match(/(?:Flex|(?<!Flex\/)Omni) Gateway/g) ?? []).toEqual([]);
});
