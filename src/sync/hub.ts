import { setImmediate as pause } from 'node:timers/promises';
import { backoffMs } from '../backoff.ts';
import type { Clock, Timers } from '../clock.ts';
import type { Change, Head, ResourceLog } from '../registry/log.ts';
import { Catalogue } from './catalogue.ts';
import type { Opening } from './catalogue.ts';
import { deltaMessages, snapshotMessages } from './encode.ts';
import type { Position } from './position.ts';
import { keyText } from './resource-key.ts';
import { changesBetween, positionOf } from './log-pages.ts';
import type { Scope } from './scope.ts';
import { SharedViews } from './shared-views.ts';
import type { Checkpoint, Delta, SharedView } from './shared-views.ts';
import type { View } from './view.ts';

export interface HubPorts {
  readonly log: ResourceLog;
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 to 1. */
  readonly random: () => number;
  /** The log could not be read: streams stay, and hear nothing new. */
  readonly onFault: (detail: string) => void;
  /** What a resource is sent as; absent: as it is in the log. */
  readonly open?: Opening;
}

/** Changes that a node has missed: beyond it, all resources are sent instead. */
const MOST_MISSED = 5000;
const MOST_HASHES = 1000;
const BACKOFF = { firstMs: 100, longestMs: 5000 };
/** So long other work waits while much is encoded. */
const TURN_MS = 5;

/** Follows the log, and has ready what sidecars are to be sent: each delta is encoded once for all of one scope. */
export class Hub {
  readonly #ports: HubPorts;
  #catalogue: Catalogue;
  #head: Position;
  readonly #views: SharedViews;
  /** Chain hashes of revisions that sidecars have asked about. */
  readonly #hashes = new Map<number, string>();
  readonly #stopListening: () => void;
  #pumping: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #failures = 0;
  readonly #restarted = new Set<() => void>();
  readonly #advanced = new Set<() => void>();

  private constructor(ports: HubPorts) {
    this.#ports = ports;
    this.#catalogue = new Catalogue(ports.open);
    this.#views = new SharedViews(ports.clock);
    this.#head = { history: '', revision: 0, chainHash: '', committedAt: 0 };
    this.#stopListening = ports.log.onChange(() => void this.advance());
  }

  /** @throws DatabaseFault (rejects with it) */
  static async open(ports: HubPorts): Promise<Hub> {
    const hub = new Hub(ports);
    await hub.#load();
    return hub;
  }

  /** What is committed, as far as it was read. */
  get head(): Position {
    return this.#head;
  }

  close(): void {
    this.#closed = true;
    this.#stopListening();
  }

  /** Called when the log was replaced by another one: who follows must say again what they have. @returns what ends it */
  onRestart(listener: () => void): () => void {
    this.#restarted.add(listener);
    return () => void this.#restarted.delete(listener);
  }

  /** Called when the head has moved on, after all views. @returns what ends it */
  onAdvance(listener: () => void): () => void {
    this.#advanced.add(listener);
    return () => void this.#advanced.delete(listener);
  }

  viewOf(scope: Scope): SharedView {
    return this.#views.of(scope, this.#catalogue, this.#head.revision);
  }

  /** To be called now and then: forgets what nobody uses any more. */
  sweep(): void {
    this.#views.sweep();
  }

  /**
   * Whether a position is one of this log.
   * @throws DatabaseFault (rejects with it) where that can't be told now
   */
  async has({ history, revision, chainHash }: Position): Promise<boolean> {
    if (revision > this.#head.revision) await this.advance();
    const head = this.#head;
    if (history !== head.history || revision > head.revision) return false;
    if (revision === 0) return true;
    if (revision === head.revision) return chainHash === head.chainHash;
    let known = this.#hashes.get(revision);
    if (known === undefined) {
      known = await this.#ports.log.hashAt(revision);
      if (known === undefined) return false;
      if (this.#hashes.size >= MOST_HASHES) this.#hashes.clear();
      this.#hashes.set(revision, known);
    }
    return known === chainHash;
  }

  /**
   * What leads from a revision of this log to its head, encoded once for all.
   * @returns undefined: it is too long ago, so all is to be sent
   * @throws DatabaseFault (rejects with it) where that can't be told now
   */
  async deltaFrom(shared: SharedView, revision: number): Promise<Delta | undefined> {
    const known = shared.deltas.get(revision);
    if (known !== undefined) return known;
    const made = this.#makeDelta(shared.view, revision);
    shared.deltas.set(revision, made);
    made.catch(() => shared.deltas.delete(revision));
    return made;
  }

  /** As {@link deltaFrom}, for nodes that are to take this log in place of theirs. */
  async adoptingDelta(shared: SharedView, revision: number): Promise<Delta | undefined> {
    return this.#makeDelta(shared.view, revision, true);
  }

  async #makeDelta(view: View, revision: number, adopted = false): Promise<Delta | undefined> {
    const keys = view.keysSince(revision) ?? (await this.#missedSince(view, revision));
    if (keys === undefined) return undefined;
    const commit = { position: this.#head, stateHash: view.stateHash, adopted };
    return { messages: deltaMessages(keys, (key) => view.get(key), commit), commit };
  }

  /** All resources of a view, for whoever needs them, and once for all of them. */
  async checkpointOf(shared: SharedView): Promise<Checkpoint> {
    shared.usedAt = this.#ports.clock.monotonic();
    const existing = await shared.checkpoint;
    if (existing !== undefined && shared.view.keysSince(existing.revision) !== undefined) return existing;
    shared.checkpoint = this.#encodeAll(shared.view);
    return shared.checkpoint;
  }

  async #encodeAll(view: View): Promise<Checkpoint> {
    const { revision } = this.#head;
    const { clock } = this.#ports;
    let turnEnds = clock.monotonic() + TURN_MS;
    const messages = await snapshotMessages(view.members(), () => {
      if (clock.monotonic() < turnEnds) return undefined;
      turnEnds = Infinity;
      return pause().then(() => void (turnEnds = clock.monotonic() + TURN_MS));
    });
    return { revision, messages };
  }

  async #missedSince(view: View, revision: number): Promise<ReadonlySet<string> | undefined> {
    const { revision: seen } = this.#head;
    if (seen - revision > MOST_MISSED) return undefined;
    const catalogue = this.#catalogue;
    const changes = await changesBetween(this.#ports.log, revision, seen);
    const later = view.keysSince(seen);
    if (later === undefined || catalogue !== this.#catalogue) return undefined;
    return new Set([...catalogue.touchedBy(changes), ...later]);
  }

  /** Reads what is new, and tells those whom it concerns. Never rejects; resolves when that was tried. */
  advance(): Promise<void> {
    this.#again = true;
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined;
    });
    return this.#pumping;
  }

  async #pump(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      try {
        const head = await this.#ports.log.head();
        if (head.history !== this.#head.history || head.revision < this.#head.revision) await this.#load();
        else if (head.revision > this.#head.revision)
          this.#take(await changesBetween(this.#ports.log, this.#head.revision, head.revision), head);
        this.#failures = 0;
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  #failed(error: unknown): void {
    this.#failures++;
    if (this.#failures === 1) this.#ports.onFault(String(error));
    const delayMs = backoffMs(this.#failures, BACKOFF, this.#ports.random());
    this.#ports.timers.after(delayMs, () => void this.advance());
  }

  #take(changes: readonly Change[], head: Head): void {
    for (const { after, ...change } of changes) {
      if (after === undefined) this.#catalogue.remove(keyText(change));
      else this.#catalogue.put(after);
    }
    this.#head = positionOf(head, changes.at(-1)?.at ?? this.#head.committedAt);
    const touched = this.#catalogue.touchedBy(changes);
    this.#views.advance(touched, head.revision);
    for (const listener of this.#advanced) listener();
  }

  async #load(): Promise<void> {
    const catalogue = new Catalogue(this.#ports.open);
    const head = await this.#ports.log.scan((page, texts) => {
      for (const [at, resource] of page.entries()) catalogue.put(resource, texts[at]);
    });
    const [last] = head.revision === 0 ? [] : await this.#ports.log.changesAfter(head.revision - 1, 1);
    this.#catalogue = catalogue;
    this.#head = positionOf(head, last?.at ?? 0);
    this.#views.clear();
    this.#hashes.clear();
    for (const listener of this.#restarted) listener();
  }
}
