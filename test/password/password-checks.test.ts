import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createHashingThread } from '../../src/password/hashing-thread.ts';
import type { HashingThread } from '../../src/password/hashing-thread.ts';
import { PasswordChecks } from '../../src/password/password-checks.ts';
import type { PasswordQuestion } from '../../src/password/password-checks.ts';
import type { PasswordHash } from '../../src/password/password-hash.ts';
import { ManualTime } from '../jwt/manual-time.ts';

const HASH: PasswordHash = {
  algorithm: 'bcrypt',
  text: '$2y$05$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.',
};
const other: PasswordHash = { algorithm: 'bcrypt', text: HASH.text.replace('$2y', '$2b') };

/** Answers when a test says so. */
class ThreadByHand implements HashingThread {
  readonly asked: string[] = [];
  #waiting: PromiseWithResolvers<boolean>[] = [];
  closed = 0;

  verify({ password }: { readonly password: string }): Promise<boolean> {
    this.asked.push(password);
    const answer = Promise.withResolvers<boolean>();
    this.#waiting.push(answer);
    return answer.promise;
  }

  async answer(isRight: boolean): Promise<void> {
    this.#waiting.shift()?.resolve(isRight);
    await sleep(0);
  }

  async fail(): Promise<void> {
    this.#waiting.shift()?.reject(new Error('gone'));
    await sleep(0);
  }

  close(): void {
    this.closed += 1;
  }
}

const time = new ManualTime();
const ANY_TIME = { deadline: Infinity, signal: undefined };
const open: PasswordChecks[] = [];
afterEach(() => open.splice(0).forEach((checks) => checks.close()));

function checksOn(thread: HashingThread): PasswordChecks {
  const checks = new PasswordChecks({ clock: time, timers: time, key: randomBytes(32), thread });
  open.push(checks);
  return checks;
}

/** At once, but as a promise in any case. */
const answerOf = async (checks: PasswordChecks, question: PasswordQuestion) => checks.check(question, ANY_TIME);

const ask = (user: string, password: string, parts: Partial<PasswordQuestion> = {}): PasswordQuestion => ({
  user,
  password,
  hash: HASH,
  isKnown: true,
  ...parts,
});

describe('checks of passwords', () => {
  it('remember what was right for a minute and what was wrong for half of one', async () => {
    const thread = new ThreadByHand();
    const checks = checksOn(thread);
    for (const [password, answer, ms] of [
      ['good', 'right', 60_000],
      ['bad', 'wrong', 30_000],
    ] as const) {
      const first = checks.check(ask('ann', password), ANY_TIME);
      await sleep(0);
      await thread.answer(answer === 'right');
      expect(await first).toBe(answer);
      time.advance(ms - 1);
      expect(checks.check(ask('ann', password), ANY_TIME)).toBe(answer);
      time.advance(1);
      expect(checks.check(ask('ann', password), ANY_TIME)).toBeInstanceOf(Promise);
      await sleep(0);
      await thread.answer(false);
    }
  });

  it('ask anew of another user, another password and another hash, and of a user who is none', async () => {
    const thread = new ThreadByHand();
    const checks = checksOn(thread);
    const first = checks.check(ask('ann', 'good'), ANY_TIME);
    await sleep(0);
    await thread.answer(true);
    expect(await first).toBe('right');
    const others = [
      ask('bob', 'good'),
      ask('ann', 'good '),
      ask('ann', 'good', { hash: other }),
      ask('ann', 'good', { isKnown: false }),
    ];
    for (const question of others) {
      const answer = checks.check(question, ANY_TIME);
      expect(answer).toBeInstanceOf(Promise);
      await sleep(0);
      await thread.answer(true);
      // Even where it is the password of the hash that stands in for a user who is none.
      expect(await answer).toBe(question.isKnown ? 'right' : 'wrong');
    }
  });

  it('ask once for all who ask the same at a time', async () => {
    const thread = new ThreadByHand();
    const checks = checksOn(thread);
    const answers = Array.from({ length: 10_000 }, () => answerOf(checks, ask('ann', 'good')));
    await sleep(0);
    await thread.answer(true);
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['right']));
    expect(thread.asked).toEqual(['good']);
  });

  it('hash one at a time and let few wait: of 10,000 wrong passwords the others are told to come back', async () => {
    const thread = new ThreadByHand();
    const checks = checksOn(thread);
    const answers = Array.from({ length: 10_000 }, (_, i) => checks.check(ask(`user-${i}`, `guess-${i}`), ANY_TIME));
    await sleep(0);
    expect(thread.asked).toHaveLength(1);
    expect(checks.atWork).toBe(1);
    expect(checks.waiting).toBeLessThanOrEqual(64);
    expect(answers.filter((answer) => answer === 'busy').length).toBeGreaterThanOrEqual(10_000 - 65);
  });

  it('leave room for others where all guesses are of one user', async () => {
    const thread = new ThreadByHand();
    const checks = checksOn(thread);
    const guesses = Array.from({ length: 1000 }, (_, i) => checks.check(ask('ann', `guess-${i}`), ANY_TIME));
    expect(guesses.filter((answer) => answer !== 'busy')).toHaveLength(8);
    // Who shares Ann's lane is held up; with a random key that is one in sixteen.
    const others = Array.from({ length: 40 }, (_, i) => checks.check(ask(`user-${i}`, 'good'), ANY_TIME));
    expect(others.filter((answer) => answer !== 'busy').length).toBeGreaterThan(20);
    await sleep(0);
    for (let turn = 0; turn < 17; turn++) await thread.answer(false);
    // Every lane had a turn by then.
    expect(thread.asked.filter((password) => password === 'good').length).toBeGreaterThanOrEqual(10);
  });

  it('begin nothing that nobody waits for any more, and remember what is under way', async () => {
    const thread = new ThreadByHand();
    const checks = checksOn(thread);
    const [first, second] = [new AbortController(), new AbortController()];
    const underWay = checks.check(ask('ann', 'one'), { deadline: Infinity, signal: first.signal });
    await sleep(0);
    const waiting = checks.check(ask('ann', 'two'), { deadline: Infinity, signal: second.signal });
    second.abort();
    first.abort();
    expect([await underWay, await waiting]).toEqual(['gone', 'gone']);
    expect(checks.waiting).toBe(0);
    await thread.answer(true);
    expect(thread.asked).toEqual(['one']);
    expect(checks.check(ask('ann', 'one'), ANY_TIME)).toBe('right');
    expect(checks.check(ask('ann', 'two'), { deadline: Infinity, signal: AbortSignal.abort() })).toBe('gone');
  });

  it('answer in time that there is no answer yet, and have it for who comes back', async () => {
    const thread = new ThreadByHand();
    const checks = checksOn(thread);
    const answer = checks.check(ask('ann', 'good'), { deadline: time.monotonic() + 250, signal: undefined });
    await sleep(0);
    time.advance(224);
    expect(await Promise.race([answer, sleep(0)])).toBeUndefined();
    time.advance(1);
    expect(await answer).toBe('late');
    await thread.answer(true);
    expect(checks.check(ask('ann', 'good'), ANY_TIME)).toBe('right');
    expect(time.timers).toBe(0);
  });

  it('let nobody in where the thread fails, and go on after that', async () => {
    const thread = new ThreadByHand();
    const checks = checksOn(thread);
    const first = answerOf(checks, ask('ann', 'good'));
    await sleep(0);
    const answers = [first, answerOf(checks, ask('bob', 'good'))];
    await thread.fail();
    await thread.answer(true);
    expect(await Promise.all(answers)).toEqual(['busy', 'right']);
  });

  it('keep at most 10,000 wrong passwords, which drive out no right one', async () => {
    const checks = checksOn({ verify: ({ password }) => Promise.resolve(password === 'good'), close: () => {} });
    expect(await checks.check(ask('ann', 'good'), ANY_TIME)).toBe('right');
    for (let i = 0; i < 10_050; i++) await checks.check(ask('ann', `guess-${i}`), ANY_TIME);
    expect(checks.check(ask('ann', 'good'), ANY_TIME)).toBe('right');
    expect(checks.check(ask('ann', 'guess-49'), ANY_TIME)).toBeInstanceOf(Promise);
    expect(checks.check(ask('ann', 'guess-10049'), ANY_TIME)).toBe('wrong');
  });

  it('choose for a user who is none always the same hash, and not for all the same', () => {
    const checks = checksOn(new ThreadByHand());
    const users = Array.from({ length: 50 }, (_, i) => `user-${i}`);
    const chosen = users.map((user) => checks.decoy(user, [HASH, other]));
    expect(users.map((user) => checks.decoy(user, [HASH, other]))).toEqual(chosen);
    expect(new Set(chosen).size).toBe(2);
    expect(checks.decoy('ann', [])).toBeUndefined();
  });
});

describe('the thread that hashes', () => {
  it('holds passwords against hashes while other work goes on', async () => {
    const checks = checksOn(createHashingThread());
    const slow: PasswordHash = { algorithm: 'bcrypt', text: HASH.text.replace('$05$', '$10$') };
    const answers = [answerOf(checks, ask('ann', 'hunter2')), answerOf(checks, ask('bob', 'x', { hash: slow }))];
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    expect(await Promise.all(answers)).toEqual(['right', 'wrong']);
    clearInterval(ticking);
    // The cost 10 takes a tenth of a second of its thread.
    expect(turns).toBeGreaterThan(5);
  });

  it('is followed by another where it ends', async () => {
    const thread = createHashingThread();
    const first = thread.verify({ hash: HASH.text.replace('$05$', '$12$'), password: 'x' });
    thread.close();
    await expect(first).rejects.toThrow('has ended');
    expect(await thread.verify({ hash: HASH.text, password: 'hunter2' })).toBe(true);
    thread.close();
  });

  it('ends with what no hash is, and goes on with the next', async () => {
    const thread = createHashingThread();
    await expect(thread.verify({ hash: 'nonsense', password: 'x' })).rejects.toThrow('has ended');
    expect(await thread.verify({ hash: HASH.text, password: 'hunter2' })).toBe(true);
    thread.close();
  });
});
