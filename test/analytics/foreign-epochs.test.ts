import { describe, expect, test } from 'vitest';
import { ForeignEpochs } from '../../src/analytics/foreign-epochs.ts';
import { Tags } from '../../src/analytics/tags.ts';

const KEY = Buffer.alloc(16, 7);

function open() {
  const time = { mono: 0 };
  const asked: number[] = [];
  const answers = new Map<number, Buffer | 'away' | 'unshared'>();
  const epochs = new ForeignEpochs({
    sharing: {
      async keyOf(epoch) {
        asked.push(epoch);
        return answers.get(epoch);
      },
    },
    monotonic: () => time.mono,
  });
  return { epochs, time, asked, answers };
}

describe('the epoch of another process', () => {
  test('is asked for once, and its tags are those of its key', async () => {
    const { epochs, asked, answers } = open();
    answers.set(1, KEY);
    expect(epochs.recall(1)).toBeUndefined();
    const [one, other] = await Promise.all([epochs.find(1), epochs.find(1)]);
    expect(one).toBe(other);
    expect(epochs.recall(1)).toBe(one);
    expect(asked).toEqual([1]);
    if (typeof one === 'string') throw new Error(one);
    const tag = new Tags({ number: 1, key: KEY }).block(0);
    expect(one.tags.isTag(0, tag.readUInt32BE(0), tag.readUInt32BE(4))).toBe(true);
    expect(one.tags.isTag(1, tag.readUInt32BE(0), tag.readUInt32BE(4))).toBe(false);
  });

  test.each([[undefined, 'unknown'] as const, ['unshared', 'unshared'] as const])(
    'that nobody has (%s) is asked for again after ten seconds',
    async (answer, told) => {
      const { epochs, time, asked, answers } = open();
      if (answer !== undefined) answers.set(1, answer);
      expect(await epochs.find(1)).toBe(told);
      expect(epochs.recall(1)).toBe(told);
      time.mono = 9999;
      expect(await epochs.find(1)).toBe(told);
      expect(asked).toHaveLength(1);
      time.mono = 10_000;
      expect(epochs.recall(1)).toBeUndefined();
      answers.set(1, KEY);
      expect(await epochs.find(1)).toHaveProperty('tags');
      expect(epochs.recall(1)).toHaveProperty('tags');
    },
  );

  test("that can't be known now is asked for whenever it is wanted", async () => {
    const { epochs, asked, answers } = open();
    answers.set(1, 'away');
    expect([await epochs.find(1), await epochs.find(1)]).toEqual(['away', 'away']);
    expect(asked).toEqual([1, 1]);
  });
});

test('made-up epochs cost twenty questions a second, and the next second there is room for a right one', async () => {
  const { epochs, time, asked, answers } = open();
  answers.set(7_000_000, KEY);
  const found = await Promise.all(Array.from({ length: 5000 }, (_, made) => epochs.find(made)));
  expect(asked).toHaveLength(20);
  expect(found.filter((each) => each === 'unknown')).toHaveLength(20);
  expect(await epochs.find(7_000_000)).toBe('away');
  time.mono = 1000;
  expect(await epochs.find(7_000_000)).toHaveProperty('tags');
});

test('of many epochs the oldest are forgotten, and what they had counted with them', async () => {
  const { epochs, time, answers } = open();
  for (let epoch = 0; epoch < 257; epoch++) {
    answers.set(epoch, KEY);
    time.mono += 1000;
    await epochs.find(epoch);
  }
  expect(epochs.recall(0)).toBeUndefined();
  expect(epochs.recall(1)).toHaveProperty('seen');
  expect(epochs.recall(256)).toHaveProperty('seen');
});
