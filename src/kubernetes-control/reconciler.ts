import { backoffMs } from '../backoff.ts';
import type { Timers } from '../clock.ts';
import { isDocumentKind } from '../crd/document-of.ts';
import type { ObjectKey } from './object-key.ts';
import { objectKeyFrom, objectText } from './object-key.ts';
import type { Judgement } from './verdict.ts';

export interface ReconcilerPorts {
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Looks at objects as they are now, and does what they say. Rejects where that can't be done now: it is tried again. */
  look(keys: readonly ObjectKey[]): Promise<readonly (Judgement | undefined | HeldBack)[]>;
  /** Whether this process may write: asked before each object. */
  mayWrite(): boolean;
  /** The revision of the log. */
  revision(): Promise<number>;
  /** It was looked at; undefined: it is gone. */
  onJudged(key: ObjectKey, judgement: Judgement | undefined): void;
  /** Nothing waits any more. */
  onIdle(): void;
  /** What can't be done now; undefined: it could be done again. */
  onFault(error: unknown): void;
}

/** An object is gone, and resources of other owners need that of its own. */
export const HELD_BACK = 'held back';
export type HeldBack = typeof HELD_BACK;

/** What waits is written together, so that thousands take seconds; and soon enough that one is not kept waiting by others. */
const MOST_AT_ONCE = 32;
const BACKOFF = { firstMs: 200, longestMs: 15_000 };

/** What is written first: others name it. */
const ORDER = ['AccessGrant', 'Api', 'ClientApplication', 'PolicyBinding', 'Contract', 'Alert', 'ApiBinding'];

/**
 * Looks at objects, some at a time, each as it is at that moment, however often it has changed. What the log refuses is
 * looked at again when the log has come further, by whomever: what was missing may be there.
 */
export class Reconciler {
  readonly #ports: ReconcilerPorts;
  readonly #waiting: ReadonlyMap<string, Set<string>> = new Map(ORDER.map((kind) => [kind, new Set<string>()]));
  /** What the log has refused, and its revision at that time. */
  readonly #refused = new Map<string, number>();
  #running: Promise<void> | undefined;
  #isClosed = false;
  #failures = 0;
  #wake = (): void => {};

  constructor(ports: ReconcilerPorts) {
    this.#ports = ports;
  }

  get size(): number {
    let size = 0;
    for (const waiting of this.#waiting.values()) size += waiting.size;
    return size;
  }

  add(key: ObjectKey): void {
    if (this.#isClosed) return;
    this.#waiting.get(key.kind)?.add(objectText(key));
    this.#running ??= this.#run();
  }

  /** The log may have come further. */
  async look(): Promise<void> {
    if (this.#isClosed || this.#refused.size === 0) return;
    this.#retry(await this.#ports.revision());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    // Objects that came together are looked at in their order.
    await Promise.resolve();
    while (!this.#isClosed) {
      // Whoever leads no more is closed soon, or leads again.
      if (!this.#ports.mayWrite()) {
        await this.#pause();
        continue;
      }
      const texts = this.#next();
      if (texts.length > 0) {
        await this.#take(texts);
        continue;
      }
      await this.#retryRefused();
      // Asked here and nowhere earlier: what is added after it begins anew.
      if (this.size === 0) break;
    }
    this.#running = undefined;
    if (!this.#isClosed) this.#ports.onIdle();
  }

  async #take(texts: readonly string[]): Promise<void> {
    const keys = texts.map(objectKeyFrom);
    try {
      const judgements = await this.#ports.look(keys);
      if (this.#failures > 0) this.#ports.onFault(undefined);
      this.#failures = 0;
      const revision = await this.#ports.revision();
      for (const [at, key] of keys.entries()) this.#judge(key, judgements[at], revision);
    } catch (error) {
      for (const key of keys) this.#waiting.get(key.kind)?.add(objectText(key));
      this.#failures += 1;
      if (this.#failures === 1) this.#ports.onFault(error);
      await this.#pause();
    }
  }

  #judge(key: ObjectKey, judgement: Judgement | undefined | HeldBack, revision: number): void {
    const text = objectText(key);
    if (judgement === HELD_BACK) {
      this.#refused.set(text, revision);
      return;
    }
    if (judgement !== undefined && !judgement.isWritten && isDocumentKind(key.kind)) this.#refused.set(text, revision);
    else this.#refused.delete(text);
    this.#ports.onJudged(key, judgement);
  }

  /** Of one kind: what others name is written before them. */
  #next(): readonly string[] {
    for (const waiting of this.#waiting.values()) {
      const texts = [...waiting].slice(0, MOST_AT_ONCE);
      if (texts.length === 0) continue;
      for (const text of texts) waiting.delete(text);
      return texts;
    }
    return [];
  }

  async #retryRefused(): Promise<void> {
    if (this.#refused.size === 0) return;
    try {
      this.#retry(await this.#ports.revision());
    } catch {
      // Whoever looks next tries again.
    }
  }

  #retry(revision: number): void {
    for (const [text, at] of this.#refused) {
      if (at >= revision) continue;
      this.#refused.delete(text);
      this.add(objectKeyFrom(text));
    }
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#ports.timers.after(
      backoffMs(Math.max(1, this.#failures), BACKOFF, this.#ports.random()),
      resolve,
    );
    this.#wake = resolve;
    await promise;
    cancel();
  }
}
