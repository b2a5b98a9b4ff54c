import { join } from 'node:path';
import type { Timers } from '../clock.ts';
import type { FileAccess } from '../file-access.ts';

const LOOK_MS = 2000;

/** Sees when files have changed that documents of the control plane name. */
export class NamedFileWatch {
  readonly #folder: string;
  readonly #access: FileAccess;
  readonly #timers: Timers;
  /** By path below the folder: as it was when it was read last. */
  readonly #seen = new Map<string, string>();
  #cancel = (): void => {};
  #isClosed = false;

  constructor(folder: string, access: FileAccess, timers: Timers) {
    this.#folder = folder;
    this.#access = access;
    this.#timers = timers;
  }

  /** To be called before a file is read. */
  async note(path: string): Promise<void> {
    this.#seen.set(path, await this.#look(path));
  }

  /** @param changed is called now and then, once for all that have changed. Must not reject. */
  start(changed: () => Promise<void>): void {
    this.#cancel = this.#timers.after(LOOK_MS, () => void this.#compare(changed));
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  async #compare(changed: () => Promise<void>): Promise<void> {
    let isChanged = false;
    for (const [path, before] of this.#seen) {
      if ((await this.#look(path)) === before) continue;
      isChanged = true;
      // What is still named is read again.
      this.#seen.delete(path);
    }
    if (isChanged) await changed();
    if (!this.#isClosed) this.start(changed);
  }

  /** Kubernetes changes files by a link above them. */
  async #look(path: string): Promise<string> {
    try {
      const found = await this.#access.realpath(join(this.#folder, path));
      const { dev, ino, size, mtimeMs, ctimeMs } = await this.#access.stat(found);
      return [found, dev, ino, size, mtimeMs, ctimeMs].join(' ');
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'unknown';
    }
  }
}
