import { expect, test } from 'vitest';
import { freePort } from './scratch.ts';

test('callers who ask at once get ports of their own', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
  expect(new Set(ports).size).toBe(20);
});
