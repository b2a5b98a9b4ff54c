import type { Clock } from '../clock.ts';
import type { Catalogue } from './catalogue.ts';
import type { CommitOf } from './encode.ts';
import { scopeText } from './scope.ts';
import type { Scope } from './scope.ts';
import { View } from './view.ts';

/** What leads from a revision to a commit, which is in the last message. */
export interface Delta {
  readonly messages: readonly Uint8Array[];
  readonly commit: CommitOf;
}

/** Everything at some revision, and without a commit: what has changed since then follows. */
export interface Checkpoint {
  readonly revision: number;
  readonly messages: readonly Uint8Array[];
}

/** A view with what was encoded of it, for all who see the same. */
export interface SharedView {
  readonly view: View;
  /** By the revision they begin at: what leads to the hub's head. Emptied when that moves on. */
  readonly deltas: Map<number, Promise<Delta | undefined>>;
  checkpoint: Promise<Checkpoint> | undefined;
  /** Monotonic milliseconds. */
  usedAt: number;
}

/** What nobody uses is kept so long. */
const UNUSED_MS = 60_000;

/** The views of a catalogue, one for each scope that sidecars have. */
export class SharedViews {
  readonly #views = new Map<string, SharedView>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param revision of the catalogue as it is */
  of(scope: Scope, catalogue: Catalogue, revision: number): SharedView {
    const text = scopeText(scope);
    let shared = this.#views.get(text);
    if (shared === undefined) {
      shared = { view: new View(scope, catalogue, revision), deltas: new Map(), checkpoint: undefined, usedAt: 0 };
      this.#views.set(text, shared);
    }
    shared.usedAt = this.#clock.monotonic();
    return shared;
  }

  /** The catalogue has come to a revision, by changes that touch these keys. */
  advance(touched: ReadonlySet<string>, revision: number): void {
    for (const { deltas } of this.#views.values()) deltas.clear();
    for (const { view } of this.#views.values()) view.advance(touched, revision);
  }

  /** Another catalogue takes the place of the one before. */
  clear(): void {
    this.#views.clear();
  }

  /** To be called now and then: forgets what nobody uses any more. */
  sweep(): void {
    const before = this.#clock.monotonic() - UNUSED_MS;
    for (const [text, shared] of this.#views) {
      if (shared.usedAt > before) continue;
      if (shared.view.isWatched) shared.checkpoint = undefined;
      else this.#views.delete(text);
    }
  }
}
