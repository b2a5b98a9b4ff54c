import { describe, expect, test } from 'vitest';
import { MAX_ASKED_AT_ONCE } from '../../src/inquiry/inquiries.ts';
import { Asked, ended, FOREVER, settled } from './asked.ts';

describe('an answer', () => {
  test.each([true, false])('is remembered as long as it counts, and no longer (good: %s)', async (isGood) => {
    const asked = new Asked();
    const first = asked.inquiries.about('a', FOREVER);
    asked.answer(isGood);
    const value = await first;
    asked.time.advance(999);
    // At once, without a promise.
    expect(asked.inquiries.about('a', FOREVER)).toBe(value);
    asked.time.advance(1);
    expect(asked.inquiries.about('a', FOREVER)).toBeInstanceOf(Promise);
    expect(asked.calls).toBe(2);
  });

  test('that does not count beyond those who wait is asked for again', async () => {
    const asked = new Asked();
    const first = asked.inquiries.about('a', FOREVER);
    asked.answer(true, 0);
    expect(await first).toBe('good a');
    void asked.inquiries.about('a', FOREVER);
    expect(asked.calls).toBe(2);
  });

  test('is asked for once, however many wait for it', async () => {
    const asked = new Asked();
    const all = Array.from({ length: 1000 }, () => ended(asked.inquiries.about('a', FOREVER)));
    await settled();
    expect(asked.calls).toBe(1);
    asked.answer(false);
    expect(new Set(await Promise.all(all))).toEqual(new Set(['bad a']));
  });
});

test('of many different credentials 32 are asked for at once, in their order; too many are told so at once', async () => {
  const asked = new Asked();
  const all = Array.from({ length: 10_000 }, (_, index) => ended(asked.inquiries.about(`token ${index}`, FOREVER)));
  await settled();
  expect(asked.open.length).toBe(MAX_ASKED_AT_ONCE);
  while (asked.open.length > 0) {
    asked.answer(false);
    await settled();
  }
  expect(asked.most).toBe(MAX_ASKED_AT_ONCE);
  const outcomes = await Promise.all(all);
  expect(outcomes.filter((outcome) => outcome === 'busy')).toHaveLength(10_000 - 1000 - MAX_ASKED_AT_ONCE);
  expect(outcomes[0]).toBe('bad token 0');
});

test('good answers stay while bad ones come and go, and what is asked for at once is not held up', async () => {
  const asked = new Asked({ maxEntries: 100 });
  const good = asked.inquiries.about('good', FOREVER);
  asked.answer(true, 1_000_000);
  await good;
  for (let index = 0; index < 1000; index += 1) {
    const bad = asked.inquiries.about(`bad ${index}`, FOREVER);
    asked.answer(false, 1_000_000);
    await bad;
  }
  // Nobody answers any more.
  const waiting = Array.from({ length: 500 }, (_, index) => ended(asked.inquiries.about(`late ${index}`, FOREVER)));
  expect(asked.inquiries.about('good', FOREVER)).toBe('good good');
  asked.inquiries.close();
  expect(waiting).toHaveLength(500);
});

test('no more answers are remembered than are allowed', async () => {
  const asked = new Asked({ maxEntries: 10 });
  for (let index = 0; index < 100; index += 1) {
    const answer = asked.inquiries.about(`${index}`, FOREVER);
    asked.answer(true, 1_000_000);
    await answer;
  }
  let known = 0;
  for (let index = 0; index < 100; index += 1) {
    if (!(asked.inquiries.about(`${index}`, FOREVER) instanceof Promise)) known += 1;
  }
  expect(known).toBeGreaterThanOrEqual(5);
  expect(known).toBeLessThanOrEqual(10);
});

describe('whoever waits', () => {
  test('stops in time for the answer, and others go on waiting', async () => {
    const asked = new Asked();
    const deadline = asked.time.monotonic() + 200;
    const hasty = ended(asked.inquiries.about('a', { deadline, caller: undefined }));
    const patient = ended(asked.inquiries.about('a', FOREVER));
    asked.time.advance(150);
    expect(await hasty).toBe('late');
    asked.answer(true);
    expect(await patient).toBe('good a');
    expect(asked.inquiries.about('a', FOREVER)).toBe('good a');
  });

  test('for one that is not asked yet is told that too many wait', async () => {
    const asked = new Asked();
    for (let index = 0; index < MAX_ASKED_AT_ONCE; index += 1) void ended(asked.inquiries.about(`${index}`, FOREVER));
    const deadline = asked.time.monotonic() + 200;
    const queued = ended(asked.inquiries.about('queued', { deadline, caller: undefined }));
    asked.time.advance(150);
    expect(await queued).toBe('busy');
    // Nobody waits for it any more: it is not asked.
    for (let index = 0; index < MAX_ASKED_AT_ONCE; index += 1) asked.answer(false);
    await settled();
    expect(asked.open).toHaveLength(0);
  });

  test('leaves', async () => {
    const asked = new Asked();
    const leaving = new AbortController();
    const left = ended(asked.inquiries.about('a', { deadline: Infinity, caller: leaving }));
    leaving.abort();
    expect(await left).toBe('gone');
    expect(await ended(asked.inquiries.about('a', { deadline: Infinity, caller: leaving }))).toBe('gone');
    expect(await ended(asked.inquiries.about('b', { deadline: asked.time.monotonic() + 10, caller: undefined }))).toBe(
      'busy',
    );
    expect(asked.calls).toBe(1);
  });
});
