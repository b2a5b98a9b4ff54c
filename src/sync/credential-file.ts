import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileAccess } from '../file-access.ts';
import { EVERYTHING } from './scope.ts';
import type { Scope } from './scope.ts';

/** By what a sidecar is known to its control plane. */
export interface Credential {
  readonly node: string;
  readonly credential: string;
  readonly scope: Scope;
}

export interface CredentialFileOptions {
  /** Undefined: it is kept in memory alone, so each start joins again. */
  readonly folder: string | undefined;
  readonly access: FileAccess;
  /** Ours: what another user has written is not read. */
  readonly userId: number | undefined;
}

const NAME = 'credential.json';
const MOST_BYTES = 1024 * 1024;

/** Keeps the credential, readable by our user alone. */
export class CredentialFile {
  readonly #options: CredentialFileOptions;
  #known: Credential | undefined;

  constructor(options: CredentialFileOptions) {
    this.#options = options;
  }

  /**
   * @param node a credential of another node is none
   * @throws (rejects with) the system's error, where there is a file that can't be read
   */
  async read(node: string): Promise<Credential | undefined> {
    const { access, folder, userId } = this.#options;
    if (this.#known !== undefined || folder === undefined) return this.#known;
    let text: string;
    try {
      text = (await access.read(join(folder, NAME), MOST_BYTES, userId)).toString('utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const read = credentialOf(text);
    if (read?.node === node) this.#known = read;
    return this.#known;
  }

  /** @throws (rejects with) the system's error: it is kept in memory still */
  async keep(credential: Credential): Promise<void> {
    const { access, folder } = this.#options;
    this.#known = credential;
    if (folder === undefined) return;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access.replace(join(folder, NAME), `${JSON.stringify(credential)}\n`);
  }
}

function credentialOf(text: string): Credential | undefined {
  try {
    const { node, credential, scope } = JSON.parse(text) as Partial<Credential>;
    if (typeof node !== 'string' || typeof credential !== 'string' || scope === undefined) return undefined;
    return { node, credential, scope: { ...EVERYTHING, ...scope } };
  } catch {
    return undefined;
  }
}
