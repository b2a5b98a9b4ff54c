import { expect, it } from 'vitest';
import { settle } from '../src/settle.ts';

it('goes on at once with what is there, and makes no promise', () => {
  expect(settle(2, (value) => value + 1)).toBe(3);
});

it('goes on later with what comes', async () => {
  const later = settle(Promise.resolve(2), (value) => value + 1);
  expect(later).toBeInstanceOf(Promise);
  expect(await later).toBe(3);
});

it('reports what never comes, to who asked for that or to whoever waits', async () => {
  const never = async (): Promise<string> => Promise.reject(new Error('gone'));
  const told = await settle(
    never(),
    (value) => value,
    (error) => (error as Error).message,
  );
  expect(told).toBe('gone');
  await expect(settle(never(), (value) => value)).rejects.toThrow('gone');
});
