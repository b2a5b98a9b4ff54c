import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface MeshOptions {
  /** Of the control plane on loopback, without TLS. */
  readonly port: number;
  readonly token: string;
  readonly streams: number;
  /** Of the names of its nodes. */
  readonly prefix: string;
}

export interface MeshState {
  /** Streams on which something was heard. */
  readonly connected: number;
  /** How often one of them was sent everything. */
  readonly snapshots: number;
  readonly refusals: number;
  readonly cpuMs: number;
}

export type MeshNews =
  | { readonly kind: 'all'; readonly revision: number; readonly at: number; readonly snapshots: number }
  | ({ readonly kind: 'state' } & MeshState);

/** Many sidecars' streams, in a process of their own. */
export class RawMesh {
  readonly #child: ChildProcess;
  /** When the last of them had a revision, in milliseconds since the Unix epoch. */
  readonly #had = new Map<number, number>();
  #latest: MeshState | undefined;
  #failed: Error | undefined;

  constructor(options: MeshOptions) {
    this.#child = fork(join(import.meta.dirname, 'raw-mesh-process.ts'), [JSON.stringify(options)]);
    this.#child.on('message', (news: MeshNews) => {
      if (news.kind === 'all') this.#had.set(news.revision, news.at);
      else this.#latest = news;
    });
    this.#child.on('exit', (code) => (this.#failed = new Error(`the process of the streams has ended: ${code}`)));
  }

  /** When the last of them had a revision, as a commit of its own. */
  async had(revision: number): Promise<number> {
    for (;;) {
      const at = this.#had.get(revision);
      if (at !== undefined) return at;
      if (this.#failed !== undefined) throw this.#failed;
      await sleep(2);
    }
  }

  /** The next time that all have it is told again. */
  forget(revision: number): void {
    this.#had.delete(revision);
  }

  async state(): Promise<MeshState> {
    this.#latest = undefined;
    this.#child.send('tell');
    for (;;) {
      const state = this.#latest as MeshState | undefined;
      if (state !== undefined) return state;
      if (this.#failed !== undefined) throw this.#failed;
      await sleep(5);
    }
  }

  close(): void {
    this.#child.kill();
  }
}
