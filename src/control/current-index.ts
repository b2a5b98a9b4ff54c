import type { Registry } from '../registry/registry.ts';
import { ResourceIndex } from './resource-index.ts';

/** As much as is read at once. */
const PAGE = 1000;

/** An index and the revision of the log that it shows. */
export interface IndexedState {
  readonly index: ResourceIndex;
  readonly history: string;
  readonly revision: number;
}

/** Keeps the index up with the log, whoever writes to it. */
export class CurrentIndex {
  readonly #registry: Pick<Registry, 'head' | 'scan' | 'changesAfter'>;
  #state: IndexedState | undefined;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(registry: Pick<Registry, 'head' | 'scan' | 'changesAfter'>) {
    this.#registry = registry;
  }

  /**
   * The state of the log, as of the time of the call or later. The index changes with the next call.
   * @throws DatabaseFault
   */
  async current(): Promise<IndexedState> {
    const earlier = this.#reading;
    const next = (async () => {
      await earlier;
      return this.#catchUp();
    })();
    // The caller hears of a failure; the next one reads again.
    this.#reading = next.catch(() => {});
    return next;
  }

  async #catchUp(): Promise<IndexedState> {
    const known = this.#state;
    if (known === undefined) return this.#load();
    const { history, revision } = await this.#registry.head();
    if (known.history !== history || known.revision > revision) return this.#load();
    let at = known.revision;
    while (at < revision) {
      const changes = await this.#registry.changesAfter(at, PAGE);
      const last = changes.at(-1);
      if (last === undefined) return this.#load();
      for (const { after, ...change } of changes) {
        if (after === undefined) known.index.remove(change);
        else known.index.put(after);
      }
      at = last.revision;
      this.#state = { ...known, revision: at };
    }
    return this.#state ?? known;
  }

  async #load(): Promise<IndexedState> {
    const index = new ResourceIndex();
    const { history, revision } = await this.#registry.scan((page) => index.load(page));
    index.sort();
    this.#state = { index, history, revision };
    return this.#state;
  }
}
