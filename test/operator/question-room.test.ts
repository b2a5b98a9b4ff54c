import { expect, test } from 'vitest';
import { QuestionRoom } from '../../src/operator/question-room.ts';

const waits = new AbortController().signal;

test('four questions are answered at once, others in their turn, and too many are refused', async () => {
  const room = new QuestionRoom();
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  const ask = (at: number, signal = waits) =>
    room.answer(() => {
      begun.push(at);
      return new Promise<number>((resolve) => ends.push(() => resolve(at)));
    }, signal);
  const leaving = new AbortController();
  const all = Array.from({ length: 36 }, (_, at) => ask(at, at === 5 ? leaving.signal : waits));
  await expect(ask(36)).rejects.toThrow('36 questions are being answered or wait: ask again in a moment');
  expect(begun).toEqual([0, 1, 2, 3]);
  leaving.abort();
  const left = expect(all[5]).rejects.toThrow('nobody waits for the answer any more');
  while (begun.length < 35) {
    ends.shift()?.();
    await new Promise(setImmediate);
  }
  await left;
  // Nobody waited for it, so it was not asked.
  expect(begun).toEqual(
    all
      .keys()
      .filter((at) => at !== 5)
      .toArray(),
  );
  for (const end of ends) end();
  expect(await Promise.allSettled(all)).toHaveLength(36);
});

test('a question that fails leaves its place to the next', async () => {
  const room = new QuestionRoom();
  for (let at = 0; at < 10; at += 1)
    await expect(room.answer(() => Promise.reject(new Error('away')), waits)).rejects.toThrow('away');
  expect(await room.answer(() => 1, waits)).toBe(1);
});
