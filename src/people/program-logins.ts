import type { Clock } from '../clock.ts';
import { hashOf, makeSecret } from './secret.ts';
import type { RandomBytes } from './secret.ts';
import type { PeopleDatabase, ProgramLoginTable } from './tables.ts';

/** A program that waits for a person to let it in. */
export interface WaitingProgram {
  /** As it calls itself. */
  readonly client: string;
  readonly address: string;
  readonly begunAt: number;
  /** Of its listener on loopback, which gets the code; 0: it has none, and asks again and again. */
  readonly redirectPort: number;
}

export interface BegunLogin {
  readonly deviceCode: string;
  /** Such as `BCDF-GHJK`. */
  readonly userCode: string;
  readonly endsAt: number;
}

/** Who lets a program in. */
export interface Allower {
  readonly person: string;
  readonly providerSession: string;
}

export type LoginProgress =
  | { readonly state: 'pending' | 'denied' | 'ended' }
  | { readonly state: 'allowed'; readonly by: Allower };

export interface ProgramLoginsPorts {
  readonly database: PeopleDatabase;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

const LIFE_MS = 10 * 60_000;
/** Of all programs together: strangers begin them. */
const MOST_WAITING = 5000;
/** As RFC 8628, 6.1 says: no vowels, so that no words come of it. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const CODE_LETTERS = 8;

/**
 * Logins of programs without a browser. The program begins one and gets two codes: it keeps the one, and a person who is
 * logged in enters the other in a browser, and allows it. It is our own flow (after RFC 8628), so that it is the same with
 * every provider and with local users. Where the program listens on loopback, what the browser brings there is needed too:
 * whoever makes somebody else follow a link then gets nothing.
 */
export class ProgramLogins {
  readonly #ports: ProgramLoginsPorts;

  constructor(ports: ProgramLoginsPorts) {
    this.#ports = ports;
  }

  /** @returns undefined: too many wait */
  async begin({ client, address, redirectPort }: Omit<WaitingProgram, 'begunAt'>): Promise<BegunLogin | undefined> {
    const { database, clock, randomBytes } = this.#ports;
    const { kysely } = database;
    const now = clock.now();
    await kysely.deleteFrom('program_login').where('ends_at', '<=', now).execute();
    const { count } = await kysely
      .selectFrom('program_login')
      .select(({ fn }) => fn.countAll<number | string>().as('count'))
      .executeTakeFirstOrThrow();
    if (Number(count) >= MOST_WAITING) return undefined;
    const deviceCode = makeSecret('device', randomBytes);
    const letters = drawLetters(randomBytes);
    const row: ProgramLoginTable = {
      device_hash: hashOf(deviceCode),
      user_code_hash: hashOf(letters),
      redirect_port: redirectPort,
      client,
      address,
      begun_at: now,
      ends_at: now + LIFE_MS,
      state: 'pending',
      person: '',
      provider_session: '',
      code_hash: '',
    };
    await kysely.insertInto('program_login').values(row).execute();
    return { deviceCode, userCode: `${letters.slice(0, 4)}-${letters.slice(4)}`, endsAt: row.ends_at };
  }

  /** @returns undefined: no program waits with this code */
  async describe(userCode: string): Promise<WaitingProgram | undefined> {
    const { database, clock } = this.#ports;
    const row = await database.kysely
      .selectFrom('program_login')
      .selectAll()
      .where('user_code_hash', '=', hashOf(lettersOf(userCode)))
      .where('state', '=', 'pending')
      .where('ends_at', '>', clock.now())
      .executeTakeFirst();
    return row && { client: row.client, address: row.address, begunAt: row.begun_at, redirectPort: row.redirect_port };
  }

  /**
   * @param by undefined: it is refused
   * @returns where the browser goes next, if anywhere; undefined: no program waits with this code
   */
  async decide(
    userCode: string,
    by: Allower | undefined,
  ): Promise<{ readonly redirectUrl: string | undefined } | undefined> {
    const { database, clock, randomBytes } = this.#ports;
    const program = await this.describe(userCode);
    if (program === undefined) return undefined;
    const code = program.redirectPort === 0 ? undefined : makeSecret('code', randomBytes);
    const decided = {
      state: by === undefined ? 'denied' : 'allowed',
      person: by?.person ?? '',
      provider_session: by?.providerSession ?? '',
      code_hash: code === undefined ? '' : hashOf(code),
    };
    const { numUpdatedRows } = await database.kysely
      .updateTable('program_login')
      .set(decided)
      .where('user_code_hash', '=', hashOf(lettersOf(userCode)))
      .where('state', '=', 'pending')
      .where('ends_at', '>', clock.now())
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return undefined;
    if (code === undefined) return { redirectUrl: undefined };
    const query = by === undefined ? 'denied=1' : `code=${code}`;
    return { redirectUrl: `http://127.0.0.1:${program.redirectPort}/?${query}` };
  }

  /** What has become of it. Who is told that it is allowed is told once. */
  async complete(deviceCode: string, code: string): Promise<LoginProgress> {
    const { database, clock } = this.#ports;
    const { kysely } = database;
    const hash = hashOf(deviceCode);
    const row = await kysely.selectFrom('program_login').selectAll().where('device_hash', '=', hash).executeTakeFirst();
    if (row === undefined || row.ends_at <= clock.now()) return { state: 'ended' };
    if (row.state === 'pending') return { state: 'pending' };
    // Whoever has the device code alone may have sent somebody else the link.
    if (row.state === 'allowed' && row.code_hash !== '' && row.code_hash !== hashOf(code)) return { state: 'pending' };
    const { numDeletedRows } = await kysely
      .deleteFrom('program_login')
      .where('device_hash', '=', hash)
      .executeTakeFirst();
    if (numDeletedRows === 0n) return { state: 'ended' };
    if (row.state !== 'allowed') return { state: 'denied' };
    return { state: 'allowed', by: { person: row.person, providerSession: row.provider_session } };
  }
}

/** Those that a person has let in, and that have not fetched their session: it ends with the sessions that there are. */
export async function endProgramLogins(kysely: PeopleDatabase['kysely'], person: string): Promise<void> {
  await kysely.deleteFrom('program_login').where('person', '=', person).execute();
}

function drawLetters(randomBytes: RandomBytes): string {
  let letters = '';
  while (letters.length < CODE_LETTERS) {
    const [drawn = 0] = randomBytes(1);
    // Beyond the last whole round some letters would come more often.
    if (drawn < 256 - (256 % LETTERS.length)) letters += LETTERS[drawn % LETTERS.length];
  }
  return letters;
}

/** As people type it: in any case, with or without what parts it. */
function lettersOf(userCode: string): string {
  return userCode.toUpperCase().replaceAll(/[^A-Z]/g, '');
}
