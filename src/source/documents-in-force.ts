import { isDeepStrictEqual } from 'node:util';
import type { Alerting } from '../alerts/rule.ts';
import type { Compiler } from '../document/compiler.ts';
import type { CompiledSnapshot, CompileOptions } from '../document/compiler.ts';
import { trimHeap } from '../engine.ts';
import type { Fault } from '../errors.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { Compiling } from './compiling.ts';
import type { Delivery, DocumentSource, Outcome } from './document-source.ts';
import { FaultyDocuments } from './faulty-documents.ts';

export interface InForceOptions extends Omit<CompileOptions, 'readFile' | 'contents'> {
  /** How long Checks may still use a snapshot after it was replaced; then its policies are closed. Default 30,000. */
  readonly disposeAfterMs?: number;
  /** `all-or-nothing`: documents with faults leave everything as it was. Default `isolated`: what has none moves on. */
  readonly reload?: 'isolated' | 'all-or-nothing';
  /** Called with each snapshot as it is put in force, before whoever delivered its documents hears of it. */
  readonly onInForce?: (snapshot: Snapshot) => void;
}

export interface ConfigStatus {
  /** Whether the documents as they are now are in force. */
  readonly successful: boolean;
  /** Empty if they are; otherwise what is held back is in force as it was when it had none. */
  readonly faults: readonly Fault[];
  /** Kind and name of the documents that are held back: those with faults, and what must move with them. */
  readonly held: readonly string[];
  /** Warnings about the documents in force. */
  readonly warnings: readonly Fault[];
  /** When the snapshot in force was loaded, in milliseconds since the Unix epoch. */
  readonly loadedAt: number;
  /** When the documents were last read. */
  readonly attemptedAt: number;
  /** When they were last checked, changed or not, and their source answered for all of them. */
  readonly lookedAt: number;
}

/** Documents whose changes are followed: a change is put in force as a whole, a faulty one never. */
export interface ConfigSource {
  /** The snapshot in force. A Check takes it once, so that it sees one version. */
  current(): Snapshot;
  /** What the documents in force say of alerts. */
  alerting(): Alerting;
  status(): ConfigStatus;
  /** Called after each change, faulty ones too. @returns what ends it */
  onChange(listener: (snapshot: Snapshot, status: ConfigStatus) => void): () => void;
  /** Stops following and closes the policies: no Check may come any more. */
  close(): Promise<void>;
}

const DISPOSE_AFTER_MS = 30_000;

/**
 * Puts in force what a source delivers.
 * @throws FaultyDocuments (rejects with it) if the first documents have faults
 */
export async function followDocuments(source: DocumentSource, options: InForceOptions): Promise<ConfigSource> {
  const inForce = new DocumentsInForce(source, options);
  const first = await inForce.open();
  if (first.result === 'in_force' || (first.result === 'faulty' && first.isInForce)) {
    trimHeap();
    return inForce;
  }
  await inForce.close();
  throw new FaultyDocuments(first.result === 'faulty' ? first.faults : []);
}

class DocumentsInForce implements ConfigSource {
  readonly #source: DocumentSource;
  readonly #options: InForceOptions;
  readonly #listeners = new Set<(snapshot: Snapshot, status: ConfigStatus) => void>();
  /** Functions that close policies which no new Check can use, by the timer that calls them. */
  readonly #retired = new Map<NodeJS.Timeout, () => void>();
  /**
   * Applies changes from a source that reports changes. It may contain documents with faults, which are not in force.
   */
  #latest: Compiler | undefined;
  /** Made the snapshot in force, and owns its policies. */
  #owner: Compiler | undefined;
  #compiled: CompiledSnapshot | undefined;
  readonly #compiling: Compiling;
  #held: readonly string[] = [];
  #faults: readonly Fault[] = [];
  #attemptedAt = 0;
  #closed = false;

  constructor(source: DocumentSource, options: InForceOptions) {
    this.#source = source;
    this.#options = options;
    const { reload = 'isolated' } = options;
    this.#compiling = new Compiling({
      ...options,
      isolates: reload === 'isolated',
      tellsChanges: source.tellsChanges,
    });
  }

  open(): Promise<Outcome> {
    return this.#source.open((delivery) => this.#take(delivery));
  }

  current(): Snapshot {
    if (this.#compiled === undefined) throw new TypeError('no documents were loaded');
    return this.#compiled.snapshot;
  }

  alerting(): Alerting {
    if (this.#compiled === undefined) throw new TypeError('no documents were loaded');
    return this.#compiled.alerting;
  }

  status(): ConfigStatus {
    const { loadedAt } = this.current();
    return {
      successful: this.#faults.length === 0,
      faults: this.#faults,
      held: this.#held,
      warnings: this.#compiled?.warnings ?? [],
      loadedAt,
      attemptedAt: this.#attemptedAt,
      lookedAt: this.#source.lookedAt,
    };
  }

  onChange(listener: (snapshot: Snapshot, status: ConfigStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#source.close();
    for (const [timer, dispose] of this.#retired) {
      clearTimeout(timer);
      dispose();
    }
    this.#retired.clear();
    for (const compiler of new Set([this.#latest, this.#owner])) compiler?.close();
  }

  async #take(delivery: Delivery): Promise<Outcome> {
    this.#attemptedAt = delivery.readAt;
    const { compiler, compiled, faults, held } = await this.#compiling.take(delivery, this.#latest, this.#owner);
    const isOutdated = !(await delivery.stillHolds(compiled.namedFiles)) || this.#closed;
    if (isOutdated) {
      if (delivery.set.complete && compiler !== this.#owner) compiler.close();
      return { result: 'outdated' };
    }
    this.#remember(compiler, compiled.snapshot !== undefined);
    if (compiled.snapshot === undefined) {
      this.#failed(faults, held);
      return { result: 'faulty', faults, isInForce: false, held };
    }
    const dropped = compiler.takeDropped();
    if (dropped.length > 0) {
      this.#retire(() => {
        for (const policy of dropped) policy.close?.();
      });
    }
    this.#compiled = compiled;
    this.#options.onInForce?.(compiled.snapshot);
    this.#compiling.inForce(compiler, compiled.snapshot);
    this.#faults = faults;
    this.#held = held;
    this.#tell();
    return faults.length > 0
      ? { result: 'faulty', faults, isInForce: true, held }
      : { result: 'in_force', version: compiled.snapshot.version };
  }

  /** Each compiler is closed once: immediately if nothing of it was in force, otherwise when no Check can use it. */
  #remember(compiler: Compiler, isSound: boolean): void {
    const { tellsChanges } = this.#source;
    const [latest, owner] = [this.#latest, this.#owner];
    if (latest !== undefined && latest !== compiler && latest !== owner) latest.close();
    this.#latest = tellsChanges ? compiler : undefined;
    if (isSound) {
      this.#owner = compiler;
      if (owner !== undefined && owner !== compiler) this.#retire(() => owner.close());
    } else if (!tellsChanges) {
      compiler.close();
    }
  }

  #failed(faults: readonly Fault[], held: readonly string[]): void {
    this.#held = held;
    // Files that are retried until they can be read: reported once.
    if (isDeepStrictEqual(faults, this.#faults)) return;
    this.#faults = faults;
    this.#tell();
  }

  #tell(): void {
    if (this.#compiled === undefined) return;
    for (const listener of this.#listeners) listener(this.#compiled.snapshot, this.status());
  }

  /** Checks under way still use the previous snapshot, so its policies are closed later. */
  #retire(dispose: () => void): void {
    const timer = setTimeout(() => {
      this.#retired.delete(timer);
      dispose();
    }, this.#options.disposeAfterMs ?? DISPOSE_AFTER_MS);
    timer.unref();
    this.#retired.set(timer, dispose);
  }
}
