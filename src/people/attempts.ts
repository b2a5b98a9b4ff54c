import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { PeopleDatabase } from './tables.ts';

/** A bucket of attempts: so many at once, and one more after each pause. */
export interface Allowance {
  readonly most: number;
  readonly refillMs: number;
}

/** One that was taken, or how long to wait for the next. */
export type Taken = { readonly bucket: string; readonly allowance: Allowance } | { readonly waitMs: number };

/** Of an address that has never logged in to the account: 720 guesses a day, whoever guesses from however many. */
const ACCOUNT: Allowance = { most: 10, refillMs: 120_000 };
/** Of all accounts from one address, behind which many people may be. */
const ADDRESS: Allowance = { most: 30, refillMs: 10_000 };
/** Of an account from an address that has logged in to it before: others, there or elsewhere, do not shut it out. */
const KNOWN: Allowance = { most: 10, refillMs: 60_000 };

const KNOWN_MS = 30 * 24 * 60 * 60_000;
/** Of the digits of a hash: strangers can name any account, and the table must not grow with what they name. */
const BUCKET_DIGITS = 5;

/**
 * Limits attempts, of all control planes together. A bucket is one number, the time at which it is full again: each
 * attempt moves it on, and one that succeeds moves it back. It always fills again, so that nobody is shut out for good.
 */
export class Attempts {
  readonly #database: PeopleDatabase;
  readonly #clock: Clock;

  constructor(database: PeopleDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Before a password is compared, whether there is such an account or not. */
  async login(account: string, address: string): Promise<readonly Taken[]> {
    if (await this.#isKnown(account, address))
      return [await this.take(`known ${hexOf(`${account} ${networkOf(address)}`)}`, KNOWN)];
    const ofAddress = await this.ofAddress('login', address);
    if ('waitMs' in ofAddress) return [ofAddress];
    const ofAccount = await this.take(`account ${hexOf(account).slice(0, BUCKET_DIGITS)}`, ACCOUNT);
    // What is refused for the account's sake is an attempt of the address all the same.
    return [ofAddress, ofAccount];
  }

  /** @param what is attempted: each has a bucket of its own */
  ofAddress(what: string, address: string): Promise<Taken> {
    return this.take(`${what} ${hexOf(networkOf(address)).slice(0, BUCKET_DIGITS)}`, ADDRESS);
  }

  async take(bucket: string, allowance: Allowance): Promise<Taken> {
    const { kysely } = this.#database;
    const { most, refillMs } = allowance;
    const now = this.#clock.now();
    const mostAhead = (most - 1) * refillMs;
    // A time far ahead is of a clock that was wrong.
    const isAllowed = sql<boolean>`login_attempt.ready_at <= ${now + mostAhead} OR login_attempt.ready_at > ${now + 2 * most * refillMs}`;
    const isBehind = sql`login_attempt.ready_at <= ${now} OR login_attempt.ready_at > ${now + 2 * most * refillMs}`;
    const { numAffectedRows } =
      await sql`INSERT INTO login_attempt (bucket, ready_at) VALUES (${bucket}, ${now + refillMs})
      ON CONFLICT (bucket) DO UPDATE SET ready_at = CASE WHEN ${isBehind} THEN ${now + refillMs}
        ELSE login_attempt.ready_at + ${refillMs} END WHERE ${isAllowed}`.execute(kysely);
    if (numAffectedRows === 1n) return { bucket, allowance };
    const row = await kysely
      .selectFrom('login_attempt')
      .select('ready_at')
      .where('bucket', '=', bucket)
      .executeTakeFirst();
    return { waitMs: Math.max(1000, (row?.ready_at ?? 0) - mostAhead - now) };
  }

  /** It was none of those that are limited. */
  async giveBack(taken: Taken): Promise<void> {
    if ('waitMs' in taken) return;
    const { bucket, allowance } = taken;
    await this.#database.kysely
      .updateTable('login_attempt')
      .set({ ready_at: sql<number>`ready_at - ${allowance.refillMs}` })
      .where('bucket', '=', bucket)
      .execute();
  }

  /** After a login: the address is known from then on. Rows that say nothing any more go. */
  async succeeded(account: string, address: string, taken: readonly Taken[]): Promise<void> {
    for (const each of taken) await this.giveBack(each);
    const { kysely } = this.#database;
    const now = this.#clock.now();
    await kysely.deleteFrom('login_attempt').where('ready_at', '<=', now).execute();
    await kysely
      .deleteFrom('known_address')
      .where('seen_at', '<=', now - KNOWN_MS)
      .execute();
    if (address === '') return;
    await kysely
      .insertInto('known_address')
      .values({ person: account, address_hash: hexOf(networkOf(address)), seen_at: now })
      .onConflict((conflict) => conflict.columns(['person', 'address_hash']).doUpdateSet({ seen_at: now }))
      .execute();
  }

  async #isKnown(person: string, address: string): Promise<boolean> {
    if (address === '') return false;
    const row = await this.#database.kysely
      .selectFrom('known_address')
      .select('seen_at')
      .where('person', '=', person)
      .where('address_hash', '=', hexOf(networkOf(address)))
      .executeTakeFirst();
    return row !== undefined && row.seen_at > this.#clock.now() - KNOWN_MS;
  }
}

/** Who has an IPv6 address has its whole network of 64 bits (RFC 6177). */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0');
  const four = [...groups, ...zeros, ...rest].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${four.join(':')}::/64`;
}

function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
