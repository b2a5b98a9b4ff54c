import type { Scope } from '../../src/sync/scope.ts';
import type {
  Admission,
  Joined,
  Joining,
  JoinToken,
  SidecarIdentity,
  SidecarRecord,
  SidecarReport,
  SidecarStore,
} from '../../src/sync/sidecar-store.ts';

interface Row extends SidecarRecord {
  readonly instance: string;
  readonly tokenHash: string;
}

/** Sidecars in memory, as a database would keep them. */
export class MemoryStore implements SidecarStore {
  readonly tokens = new Map<string, JoinToken & { uses: number }>();
  readonly credentials = new Map<string, string>();
  readonly rows = new Map<string, Row>();
  readonly adopted = new Map<string, number>();
  fault: Error | undefined;

  async addToken(token: JoinToken): Promise<void> {
    this.#check();
    this.tokens.set(token.hash, { ...token, uses: 0 });
  }

  async join({ tokenHash, credentialHash, node, version, at }: Joining): Promise<Joined> {
    this.#check();
    const token = this.tokens.get(tokenHash);
    const row = this.rows.get(node);
    if (token === undefined || token.expiresAt <= at) return { result: 'bad_token' };
    if (row !== undefined && row.tokenHash !== tokenHash) return { result: 'taken' };
    if (row === undefined && token.mostUses > 0 && token.uses >= token.mostUses) return { result: 'bad_token' };
    if (row === undefined) token.uses++;
    this.#put({ node, version, at, credentialHash, tokenHash, scope: token.scope });
    return { result: 'joined', scope: token.scope };
  }

  async admit({ at, credentialHash, issuedAt, node, scope, subject, version }: Admission): Promise<Joined> {
    this.#check();
    const row = this.rows.get(node);
    if (row !== undefined && row.tokenHash !== subject) return { result: 'taken' };
    if (this.credentials.get(credentialHash) === node && row !== undefined) {
      this.rows.set(node, { ...row, scope, version, hasLeft: false, lastContactAt: at });
      return { result: 'joined', scope };
    }
    if (row !== undefined && issuedAt !== undefined && issuedAt + 30_000 < row.joinedAt) return { result: 'outdated' };
    this.#put({ node, version, at, credentialHash, tokenHash: subject, scope });
    const put = this.rows.get(node);
    if (put !== undefined && issuedAt !== undefined) this.rows.set(node, { ...put, joinedAt: at });
    return { result: 'joined', scope };
  }

  #put({ at, credentialHash, node, scope, tokenHash, version }: Joining & { readonly scope: Scope }): void {
    const row = this.rows.get(node);
    for (const [hash, other] of this.credentials) if (other === node) this.credentials.delete(hash);
    this.credentials.set(credentialHash, node);
    this.rows.set(node, {
      node,
      version,
      labels: {},
      enforcedRevision: 0,
      enforcedAt: at,
      faults: [],
      otherHistory: '',
      maxStaleMs: 0,
      isConnected: false,
      hasLeft: false,
      lastContactAt: at,
      scope,
      joinedAt: row?.joinedAt ?? at,
      instance: '',
      tokenHash,
    });
  }

  async identify(credentialHash: string): Promise<SidecarIdentity | undefined> {
    this.#check();
    const node = this.credentials.get(credentialHash);
    const row = node === undefined ? undefined : this.rows.get(node);
    return row && { node: row.node, scope: row.scope, joinedBy: row.tokenHash };
  }

  async report(instance: string, reports: readonly SidecarReport[]): Promise<readonly string[]> {
    this.#check();
    const unknown: string[] = [];
    for (const report of reports) {
      const row = this.rows.get(report.node);
      if (row === undefined) unknown.push(report.node);
      else if (report.isConnected || row.instance === instance)
        this.rows.set(report.node, { ...row, ...report, instance });
    }
    return unknown;
  }

  async touch(instance: string, at: number): Promise<void> {
    this.#check();
    for (const [node, row] of this.rows)
      if (row.instance === instance && row.isConnected) this.rows.set(node, { ...row, lastContactAt: at });
  }

  async list(): Promise<readonly SidecarRecord[]> {
    this.#check();
    return [...this.rows.values()].toSorted((a, b) => (a.node < b.node ? -1 : 1));
  }

  async forget(node: string): Promise<boolean> {
    this.#check();
    for (const [hash, other] of this.credentials) if (other === node) this.credentials.delete(hash);
    return this.rows.delete(node);
  }

  async adopt(histories: readonly string[], at: number): Promise<void> {
    this.#check();
    for (const history of histories) this.adopted.set(history, at);
  }

  async adoptedAt(history: string): Promise<number | undefined> {
    this.#check();
    return this.adopted.get(history);
  }

  #check(): void {
    if (this.fault !== undefined) throw this.fault;
  }
}
