import type { InformerState } from '../kubernetes/informer.ts';

export type Tell = (level: 'error' | 'warn' | 'info', detail: string) => void;

/** What operators hear in the log. The same is not said again before something else was. */
export class Tellings {
  readonly #tell: Tell;
  readonly #told = new Map<string, string>();

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** @param error undefined: it is over */
  fault(what: string, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (error === undefined) this.#told.delete(what);
    else this.once(what, text, 'error', `${what}: ${text}`);
  }

  followed(what: string, { fault }: InformerState): void {
    const isFollowed = fault === undefined;
    const detail = isFollowed ? 'are followed' : `are not followed: ${fault.message}`;
    this.once(what, fault?.message ?? '', isFollowed ? 'info' : 'warn', `${what} of the cluster ${detail}`);
  }

  once(what: string, text: string, level: 'error' | 'warn' | 'info', detail: string): void {
    if (this.#told.get(what) === text) return;
    this.#told.set(what, text);
    this.#tell(level, detail);
  }
}
