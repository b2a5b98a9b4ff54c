import { afterEach, beforeEach } from 'vitest';
import type { OpenedRegistry, RegistryPlace } from '../../src/registry/open.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { openAt } from './opened.ts';

/** A place where no log has been yet. */
export type NewPlace = () => Promise<RegistryPlace>;

/** One log for each test, and whatever else it opens. */
export class Fixture {
  readonly #newPlace: NewPlace;
  readonly #opened: OpenedRegistry[] = [];
  readonly #byPlace = new Map<RegistryPlace, OpenedRegistry>();
  nowMs = Date.UTC(2027, 0, 1);
  place!: RegistryPlace;
  current!: OpenedRegistry;

  constructor(newPlace: NewPlace) {
    this.#newPlace = newPlace;
    beforeEach(async () => {
      this.place = await newPlace();
      this.current = await this.open(this.place);
    });
    afterEach(async () => {
      for (const opened of this.#opened.splice(0)) await opened.close();
    });
  }

  get registry(): Registry {
    return this.current.registry;
  }

  newPlace(): Promise<RegistryPlace> {
    return this.#newPlace();
  }

  async open(place: RegistryPlace): Promise<OpenedRegistry> {
    const opened = await openAt(place, () => this.nowMs);
    this.#opened.push(opened);
    this.#byPlace.set(place, opened);
    return opened;
  }

  /** What is open there already. */
  opened(place: RegistryPlace): OpenedRegistry | undefined {
    return this.#byPlace.get(place);
  }

  async reopen(): Promise<void> {
    await this.#opened.splice(this.#opened.indexOf(this.current), 1)[0]?.close();
    this.current = await this.open(this.place);
  }
}
