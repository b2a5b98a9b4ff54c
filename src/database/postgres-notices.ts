import pg from 'pg';
import { backoffMs } from '../backoff.ts';
import type { Timers } from '../clock.ts';

export interface NoticesOptions {
  readonly url: string;
  /** Lower case letters and `_`. */
  readonly channel: string;
  readonly applicationName: string;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly onNotice: () => void;
}

const BACKOFF = { firstMs: 200, longestMs: 5000 };
/** How often the server is asked whether it is still there. */
const LOOK_MS = 10_000;
const ANSWER_MS = 5000;

/** PostgreSQL's NOTIFY on a connection of its own. A connection that is lost is made anew, and what came meanwhile is lost. */
export class PostgresNotices {
  readonly #options: NoticesOptions;
  #client: pg.Client | undefined;
  #cancel: (() => void) | undefined;
  #failures = 0;
  #isClosed = false;

  constructor(options: NoticesOptions) {
    this.#options = options;
    void this.#connect();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    await this.#client?.end().catch(() => {});
  }

  async #connect(): Promise<void> {
    const { url, channel, applicationName, onNotice } = this.#options;
    const client = new pg.Client({
      connectionString: url,
      application_name: applicationName,
      connectionTimeoutMillis: 5000,
      query_timeout: ANSWER_MS,
      keepAlive: true,
    });
    this.#client = client;
    let isLost = false;
    const lost = (): void => {
      if (isLost) return;
      isLost = true;
      this.#cancel?.();
      void client.end().catch(() => {});
      this.#again();
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', onNotice);
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      this.#failures = 0;
      // Something may have come before we listened.
      onNotice();
      this.#lookAt(client, lost);
    } catch {
      lost();
    }
  }

  /** A network that has gone says nothing. */
  #lookAt(client: pg.Client, lost: () => void): void {
    if (this.#isClosed) return;
    this.#cancel = this.#options.timers.after(LOOK_MS, () => {
      client.query('SELECT 1').then(() => this.#lookAt(client, lost), lost);
    });
  }

  #again(): void {
    if (this.#isClosed) return;
    const { timers, random } = this.#options;
    this.#failures += 1;
    this.#cancel = timers.after(backoffMs(this.#failures, BACKOFF, random()), () => void this.#connect());
  }
}
