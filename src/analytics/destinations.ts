import { FOLDED } from '../rollup/slot.ts';

/** One address at which an Envoy takes requests. */
export interface Destination {
  /** Such as `10.1.2.4:8080`; empty if Checks do not say it. */
  readonly name: string;
  /** Monotonic milliseconds of the last entry of one of our decisions; −∞: there was none. */
  reportedAt: number;
  /** The same of decisions of somebody with whom nothing is shared. */
  foreignAt: number;
}

/** A listener of an Envoy has one; an outbound one as many as it has services. */
const MOST_DESTINATIONS = 1000;

/** Destinations by their names, bounded: later ones share one. */
export class Destinations {
  #last = destinationNamed('');
  readonly #byName = new Map([['', this.#last]]);

  named(name: string): Destination {
    // Mostly the same object: Envoys have one or two.
    if (name === this.#last.name) return this.#last;
    const known = this.#byName.get(name);
    if (known !== undefined) return (this.#last = known);
    if (name !== FOLDED && this.#byName.size >= MOST_DESTINATIONS) return this.named(FOLDED);
    const made = destinationNamed(name);
    this.#byName.set(name, made);
    return made;
  }
}

function destinationNamed(name: string): Destination {
  return { name, reportedAt: Number.NEGATIVE_INFINITY, foreignAt: Number.NEGATIVE_INFINITY };
}
