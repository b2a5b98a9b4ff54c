import type { LdapConnection } from './connection.ts';

/** Kept open for the next; directories end idle connections by themselves. */
const MAX_IDLE = 8;

/** Connections that do nothing but bind, each for one user at a time: what one may, no other ever does. */
export class BindPool {
  readonly #open: () => Promise<LdapConnection>;
  readonly #idle: LdapConnection[] = [];
  readonly #busy = new Set<LdapConnection>();
  #isClosed = false;

  /** How many are used at once, whoever asks bounds. */
  constructor(open: () => Promise<LdapConnection>) {
    this.#open = open;
  }

  /**
   * Whether the password is that of the entry.
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
        // The server has ended an idle connection at the same moment: a new one tells.
        if (kept === undefined || !hasEnded) throw error;
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of [...this.#idle, ...this.#busy]) connection.close();
  }

  #take(): LdapConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined || connection.isOpen) return connection;
    }
  }

  #giveBack(connection: LdapConnection): void {
    this.#busy.delete(connection);
    if (this.#isClosed || !connection.isOpen || this.#idle.length >= MAX_IDLE) connection.close();
    else this.#idle.push(connection);
  }
}
