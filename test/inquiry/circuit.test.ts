import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MAX_ASKED_AT_ONCE } from '../../src/inquiry/inquiries.ts';
import { keyedDigest } from '../../src/inquiry/keyed-digest.ts';
import { Asked, ended, FOREVER, settled } from './asked.ts';

describe('who fails five times in a row', () => {
  async function failing(): Promise<Asked> {
    const asked = new Asked();
    for (let index = 0; index < 5; index += 1) {
      const failed = ended(asked.inquiries.about(`${index}`, FOREVER));
      asked.fail();
      expect(await failed).toBe('failed');
    }
    return asked;
  }

  test('is not asked, and then by one', async () => {
    const asked = await failing();
    expect(await ended(asked.inquiries.about('a', FOREVER))).toBe('open');
    asked.time.advance(1000);
    const probe = ended(asked.inquiries.about('a', FOREVER));
    expect(await ended(asked.inquiries.about('b', FOREVER))).toBe('open');
    asked.answer(true);
    expect(await probe).toBe('good a');
    void asked.inquiries.about('b', FOREVER);
    expect(asked.calls).toBe(7);
    expect(asked.circuit).toEqual([true, false]);
  });

  test('ever more rarely while it goes on failing, at most every 30 s', async () => {
    const asked = await failing();
    for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      asked.time.advance(pauseMs - 1);
      expect(await ended(asked.inquiries.about('a', FOREVER))).toBe('open');
      asked.time.advance(1);
      const probe = ended(asked.inquiries.about('a', FOREVER));
      asked.fail();
      expect(await probe).toBe('failed');
    }
    expect(asked.circuit).toEqual([true]);
  });

  test('frees those at once who wait to be asked for, and goes on answering what is remembered', async () => {
    const asked = new Asked();
    const good = asked.inquiries.about('good', FOREVER);
    asked.answer(true, 1_000_000);
    await good;
    const all = Array.from({ length: 100 }, (_, index) => ended(asked.inquiries.about(`${index}`, FOREVER)));
    await settled();
    while (asked.open.length > 0) {
      asked.fail();
      await settled();
    }
    const outcomes = await Promise.all(all);
    expect(outcomes.filter((outcome) => outcome === 'failed').length).toBeLessThanOrEqual(MAX_ASKED_AT_ONCE + 5);
    expect(outcomes.filter((outcome) => outcome === 'open').length).toBeGreaterThan(60);
    expect(asked.inquiries.about('good', FOREVER)).toBe('good good');
    expect(asked.circuit).toEqual([true]);
    // And the next probe is let through: what was under way does not stand in its way.
    asked.time.advance(1000);
    const probe = ended(asked.inquiries.about('a', FOREVER));
    asked.answer(true);
    expect(await probe).toBe('good a');
  });

  test('with answers in between is asked as before', async () => {
    const asked = new Asked();
    for (let index = 0; index < 20; index += 1) {
      const answer = ended(asked.inquiries.about(`${index}`, FOREVER));
      if (index % 5 === 4) asked.answer(false, 0);
      else asked.fail();
      await answer;
    }
    expect(asked.circuit).toEqual([]);
  });
});

test('what is remembered is found by a digest under the key of this process alone', () => {
  const [one, other] = [keyedDigest(Buffer.alloc(32, 1)), keyedDigest(Buffer.alloc(32, 2))];
  expect(one('token')).toBe(keyedDigest(Buffer.alloc(32, 1))('token'));
  expect(one('token')).not.toBe(other('token'));
  for (const credential of ['', 'token', 'tökén', 'x'.repeat(10_000)]) {
    const key = Buffer.alloc(32, 1).toString('hex');
    expect(one(credential)).toBe(createHmac('sha256', key).update(credential).digest('binary'));
  }
  expect(one('token')).not.toBe(one('tokeN'));
  expect(Buffer.from(one('token'), 'latin1')).toHaveLength(32);
});
