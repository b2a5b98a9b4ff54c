import { FOLDED } from '../rollup/slot.ts';

/** An address at which an Envoy accepts requests. */
export interface Destination {
  /** Such as `10.1.2.4:8080`; empty if Checks do not contain it. */
  readonly name: string;
  /** Whether an entry of one of our decisions has ever arrived. */
  hasReported: boolean;
  /** The same for decisions of a process that shares nothing with this one. */
  foreignAt: number;
}

/** A listener of an Envoy has one destination; an outbound listener has one for each service. */
const MOST_DESTINATIONS = 1000;

/** A bounded number of destinations, by name: beyond the bound all share one. */
export class Destinations {
  #last = destinationNamed('');
  readonly #byName = new Map([['', this.#last]]);

  named(name: string): Destination {
    // Usually the same destination again, since an Envoy has one or two.
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
  return { name, hasReported: false, foreignAt: Number.NEGATIVE_INFINITY };
}
