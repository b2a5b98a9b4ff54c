import type { LdapConnection, LdapEntry, SearchQuestion } from './connection.ts';
import { LdapFault } from './fault.ts';

export interface ServiceAccount {
  readonly dn: string;
  readonly password: string;
}

/** The one connection that searches. It binds as the service's own account and as nobody else. */
export class ServiceConnection {
  readonly #open: () => Promise<LdapConnection>;
  readonly #account: ServiceAccount;
  #current: Promise<LdapConnection> | undefined;
  #latest: LdapConnection | undefined;
  #isClosed = false;

  constructor(open: () => Promise<LdapConnection>, account: ServiceAccount) {
    this.#open = open;
    this.#account = account;
  }

  /** @throws LdapFault (rejects with it) */
  async search(question: SearchQuestion): Promise<readonly LdapEntry[]> {
    const kept = this.#latest?.isOpen === true ? this.#latest : undefined;
    const connection = kept ?? (await this.#connected());
    try {
      return await connection.search(question);
    } catch (error) {
      // The server may have closed the idle connection at this moment, so a new one is tried.
      if (kept === undefined || kept.isOpen) throw error;
      return (await this.#connected()).search(question);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#latest?.close();
  }

  /** Returns the connection. Callers that need it at the same time share one attempt to open it. */
  #connected(): Promise<LdapConnection> {
    if (this.#latest?.isOpen === true) return Promise.resolve(this.#latest);
    this.#current ??= this.#begin().finally(() => {
      this.#current = undefined;
    });
    return this.#current;
  }

  async #begin(): Promise<LdapConnection> {
    const connection = await this.#open();
    try {
      const { dn, password } = this.#account;
      if (!(await connection.bind(dn, password)))
        throw new LdapFault('it refuses the account of ldapServerUserDn, or its password');
      if (this.#isClosed) throw new LdapFault('the policy is no longer in force');
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#latest = connection;
    return connection;
  }
}
