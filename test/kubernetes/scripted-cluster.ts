import type { Cluster, Listed, WatchEvent, WatchOptions } from '../../src/kubernetes/connection.ts';
import type { KubernetesObject } from '../../src/kubernetes/object.ts';

/** What one watch of a {@link ScriptedCluster} is told, by the test that has it. */
export class ScriptedWatch {
  readonly options: WatchOptions;
  readonly #events: WatchEvent[] = [];
  #end: { readonly error: unknown } | undefined;
  #wake = (): void => {};

  constructor(options: WatchOptions) {
    this.options = options;
    options.signal.addEventListener('abort', () => this.fail(options.signal.reason), { once: true });
  }

  tell(type: WatchEvent['type'], object: KubernetesObject): void {
    this.#events.push({ type, object });
    this.#wake();
  }

  /** As the server does after `timeoutSeconds`. */
  end(): void {
    this.fail(undefined);
  }

  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }

  async *events(): AsyncGenerator<WatchEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) {
        yield event;
        continue;
      }
      if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}

/** A cluster that says what a test says. */
export class ScriptedCluster implements Pick<Cluster, 'list' | 'watch'> {
  readonly watches: ScriptedWatch[] = [];
  lists = 0;
  /** What a list answers now, or the error it fails with. */
  answer: Listed | Error = { objects: [], resourceVersion: '1' };

  async list(): Promise<Listed> {
    this.lists += 1;
    if (this.answer instanceof Error) throw this.answer;
    return this.answer;
  }

  watch(_type: unknown, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const watch = new ScriptedWatch(options);
    this.watches.push(watch);
    return watch.events();
  }

  get latest(): ScriptedWatch {
    const watch = this.watches.at(-1);
    if (watch === undefined) throw new Error('nothing is watched');
    return watch;
  }
}
