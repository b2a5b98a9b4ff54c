import { randomBytes } from 'node:crypto';
import { afterEach } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { AccessTokens } from '../../src/people/access-tokens.ts';
import { Attempts } from '../../src/people/attempts.ts';
import { People } from '../../src/people/people.ts';
import { ProgramLogins } from '../../src/people/program-logins.ts';
import { Sessions } from '../../src/people/sessions.ts';
import type { PeopleDatabase } from '../../src/people/tables.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** A clock that tests move. */
export class TestClock implements Clock {
  nowMs = Date.parse('2026-11-28T12:00:00Z');
  now(): number {
    return this.nowMs;
  }
  monotonic(): number {
    return this.nowMs;
  }
}

/** All stores on one database. */
export interface Stores {
  readonly database: PeopleDatabase;
  readonly clock: TestClock;
  readonly people: People;
  readonly sessions: Sessions;
  readonly tokens: AccessTokens;
  readonly attempts: Attempts;
  readonly programs: ProgramLogins;
}

/** @param firstMark of the token of the first start; absent: nobody has it */
export function storesOn(database: PeopleDatabase, firstMark?: () => Promise<string>): Stores {
  const clock = new TestClock();
  const kept = { database, clock, randomBytes };
  return {
    database,
    clock,
    people: new People(database),
    sessions: new Sessions({
      ...kept,
      limits: { maxAgeMs: 12 * HOUR, idleMs: 2 * HOUR },
      ...(firstMark && { firstMark }),
    }),
    tokens: new AccessTokens(kept),
    attempts: new Attempts(database, clock),
    programs: new ProgramLogins(kept),
  };
}

/** Opens databases, and closes those of a test when it is over. */
export function closedAfterwards(): (opening: Promise<PeopleDatabase>) => Promise<Stores> {
  const opened: PeopleDatabase[] = [];
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close();
  });
  return async (opening) => {
    const database = await opening;
    opened.push(database);
    return storesOn(database);
  };
}
