import { setImmediate as pause } from 'node:timers/promises';
import type { SharedFamily } from '../observe/exposition.ts';
import type { Registry } from '../observe/prometheus.ts';
import type { Cube } from '../rollup/cube.ts';
import { CubeFeed } from './cube-feed.ts';
import { createEntryMetrics } from './entry-metrics.ts';
import type { Entry } from './entry.ts';
import type { EventTaker } from './event.ts';
import { createEventMaker } from './make-event.ts';
import type { EventMaker, EventPorts } from './make-event.ts';
import { isEnd } from './outcome.ts';
import { EntryReader } from './read-message.ts';
import { createRequestFamilies } from './request-families.ts';
import type { FamilyBounds } from './request-families.ts';
import { RequestKey } from './request-key.ts';
import type { Names } from './request-key.ts';
import { RequestMetrics } from './request-metrics.ts';

/** Entries counted without a pause: about a millisecond. Envoy sends thousands at once where it could send none before. */
const ENTRIES_PER_TURN = 200;

export interface AccessLogPorts extends Pick<EventPorts, 'now' | 'newId' | 'clientAddress'>, FamilyBounds {
  readonly registry: Registry;
  /** Families that write themselves: those of requests are added to them. */
  readonly families: SharedFamily[];
  /** Of the documents in force. */
  readonly names: () => Names;
  /** How many streams are open. */
  readonly streams: () => number;
  /** Who is told of each request; with none, no event is made. */
  readonly takers: readonly EventTaker[];
  /** Where requests are counted in slots; undefined as long as nobody takes slots. */
  readonly cube: () => Cube | undefined;
}

/** What one Envoy sends. */
export interface LogStream {
  /** @param message a `StreamAccessLogsMessage`; its bytes must not change before the promise settles */
  take(message: Uint8Array): Promise<void>;
}

/** Counts what Envoy logs. Loaded at the first stream: most sidecars have none. */
export class AccessLog {
  readonly #entries;
  readonly #requests: RequestMetrics;
  readonly #key = new RequestKey();
  readonly #slots: CubeFeed;
  readonly #toEvent: EventMaker;
  readonly #ports: Pick<AccessLogPorts, 'names' | 'takers' | 'now'>;

  constructor({ registry, families, streams, cube, mostSeries, seed, ...ports }: AccessLogPorts) {
    const ofRequests = createRequestFamilies({ mostSeries, seed });
    families.push(...ofRequests.all);
    this.#requests = new RequestMetrics(ofRequests);
    this.#slots = new CubeFeed(cube);
    this.#entries = createEntryMetrics(registry);
    this.#entries.observeStreams(streams);
    this.#toEvent = createEventMaker(ports);
    this.#ports = ports;
  }

  open(): LogStream {
    let node = '';
    return {
      take: async (message) => {
        const reader = new EntryReader(message);
        let isAtEnd = false;
        while (!isAtEnd) {
          isAtEnd = this.#takeSome(reader, ENTRIES_PER_TURN, node);
          if (reader.node !== '') node = reader.node;
          if (!isAtEnd) await pause();
        }
      },
    };
  }

  /** @returns whether the message is at its end */
  #takeSome(reader: EntryReader, most: number, node: string): boolean {
    const now = this.#ports.now();
    this.#slots.tick();
    for (let taken = 0; taken < most; taken++) {
      const next = reader.next();
      if (next === 'end') return true;
      if (next === 'malformed') this.#entries.malformed.value += 1;
      else this.#takeEntry(next, now, reader.node || node);
    }
    return false;
  }

  #takeEntry(entry: Entry, now: number, node: string): void {
    const entries = entry.isTcp ? this.#entries.tcp : this.#entries.http;
    if (!isEnd(entry)) {
      entries.ignored.value += 1;
      return;
    }
    entries.counted.value += 1;
    const { names, takers } = this.#ports;
    this.#key.read(entry, names(), this.#slots.isWanted);
    this.#requests.ended(entry, this.#key, now);
    this.#slots.ended(entry, this.#key);
    if (takers.length === 0) return;
    const event = this.#toEvent(entry, node);
    for (const taker of takers) taker.take(event);
  }
}
