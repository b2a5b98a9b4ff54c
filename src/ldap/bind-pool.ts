import type { Timers } from '../clock.ts';
import type { LdapConnection } from './connection.ts';

/** The most idle connections kept. Closing and reopening them under load would burden the directory. */
const MAX_IDLE = 32;
/** A connection that nobody has needed for this long is closed. */
const IDLE_MS = 15_000;

/**
 * A pool of connections that only bind, each for one user at a time. They never search, so no user's rights are used
 * for another.
 */
export class BindPool {
  readonly #open: () => Promise<LdapConnection>;
  readonly #timers: Timers;
  /** The last one is used first, so the connections at the front are those that nobody needs. */
  readonly #idle: LdapConnection[] = [];
  /** The lowest number of idle connections since the last look. */
  #spare = 0;
  #cancelLook: (() => void) | undefined;
  readonly #busy = new Set<LdapConnection>();
  #isClosed = false;

  /** @param open opens a connection. The caller bounds how many are in use at once. */
  constructor(open: () => Promise<LdapConnection>, timers: Timers) {
    this.#open = open;
    this.#timers = timers;
  }

  /**
   * Reports whether the password is that of the entry.
   * @throws LdapFault (rejects with it)
   */
  async bind(dn: string, password: string): Promise<boolean> {
    for (;;) {
      const kept = this.#take();
      const connection = kept ?? (await this.#open());
      this.#busy.add(connection);
      try {
        const isRight = await connection.bind(dn, password);
        this.#giveBack(connection);
        return isRight;
      } catch (error) {
        this.#busy.delete(connection);
        const hasEnded = !connection.isOpen;
        connection.close();
        // The server may have closed the idle connection at this moment, so a new one is tried.
        if (kept === undefined || !hasEnded) throw error;
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLook?.();
    for (const connection of [...this.#idle, ...this.#busy]) connection.close();
  }

  #take(): LdapConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      this.#spare = Math.min(this.#spare, this.#idle.length);
      if (connection === undefined || connection.isOpen) return connection;
    }
  }

  #giveBack(connection: LdapConnection): void {
    this.#busy.delete(connection);
    if (this.#isClosed || !connection.isOpen || this.#idle.length >= MAX_IDLE) {
      connection.close();
      return;
    }
    this.#idle.push(connection);
    this.#cancelLook ??= this.#timers.after(IDLE_MS, () => this.#look());
  }

  #look(): void {
    for (const connection of this.#idle.splice(0, this.#spare)) connection.close();
    this.#spare = this.#idle.length;
    this.#cancelLook = this.#spare === 0 ? undefined : this.#timers.after(IDLE_MS, () => this.#look());
  }
}
