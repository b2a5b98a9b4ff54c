import type { SampleArchive, SampledRequest } from '../analytics/sampled-request.ts';

/** Of a request, from its arrival to its entry in Envoy's log; what takes longer is not sent. */
const WINDOW_MS = 600_000;
/** A sample whose entry has not come by then is sent without. */
const ENTRY_MS = 60_000;
const MOST_AT_ONCE = 200;
/** Such a sample is from the decision alone: it gets another id with its entry. */
const WITHOUT_ENTRY = 'unreported-';

/** Finds samples that were not sent yet. */
export class SampleFeed {
  readonly #archive: SampleArchive;
  readonly #now: () => number;
  /** When each was received that was sent, by its name. */
  readonly #sent = new Map<string, number>();

  /** @param now milliseconds since the Unix epoch */
  constructor(archive: SampleArchive, now: () => number) {
    this.#archive = archive;
    this.#now = now;
  }

  /** Never rejects. */
  async fresh(): Promise<readonly SampledRequest[]> {
    const now = this.#now();
    for (const [name, receivedAt] of this.#sent) if (receivedAt < now - WINDOW_MS) this.#sent.delete(name);
    try {
      const found = await this.#archive.find({ sinceMs: now - WINDOW_MS, untilMs: now + 1, most: 10 * MOST_AT_ONCE });
      const fresh = found.filter(({ event: { id, receivedAt } }) => {
        const isSettled = !id.startsWith(WITHOUT_ENTRY) || receivedAt < now - ENTRY_MS;
        return isSettled && !this.#sent.has(`${id} ${receivedAt}`);
      });
      const some = fresh.slice(0, MOST_AT_ONCE);
      for (const { event } of some) this.#sent.set(`${event.id} ${event.receivedAt}`, event.receivedAt);
      return some;
    } catch {
      // The next time will do.
      return [];
    }
  }
}
