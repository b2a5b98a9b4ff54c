import { setImmediate as pause } from 'node:timers/promises';
import type { Registry } from '../observe/prometheus.ts';
import { createEntryMetrics } from './entry-metrics.ts';
import type { Entry } from './entry.ts';
import type { EventTaker } from './event.ts';
import { createEventMaker } from './make-event.ts';
import type { EventMaker, EventPorts } from './make-event.ts';
import { isEnd } from './outcome.ts';
import { EntryReader } from './read-message.ts';
import { createRequestMetrics } from './request-metrics.ts';
import type { Names } from './request-metrics.ts';

/** Entries counted without a pause: about a millisecond. Envoy sends thousands at once where it could send none before. */
const ENTRIES_PER_TURN = 200;

export interface AccessLogPorts extends Pick<EventPorts, 'now' | 'newId' | 'clientAddress'> {
  readonly registry: Registry;
  /** Of the documents in force. */
  readonly names: () => Names;
  /** How many streams are open. */
  readonly streams: () => number;
  /** Who is told of each request; with none, no event is made. */
  readonly takers: readonly EventTaker[];
}

/** What one Envoy sends. */
export interface LogStream {
  /** @param message a `StreamAccessLogsMessage`; its bytes must not change before the promise settles */
  take(message: Uint8Array): Promise<void>;
}

/** Counts what Envoy logs. Loaded at the first stream: most sidecars have none. */
export class AccessLog {
  readonly #entries;
  readonly #requests;
  readonly #takers: readonly EventTaker[];
  readonly #toEvent: EventMaker;

  constructor({ registry, names, streams, takers, ...ports }: AccessLogPorts) {
    this.#requests = createRequestMetrics(registry, names);
    this.#entries = createEntryMetrics(registry);
    this.#entries.observeStreams(streams);
    this.#takers = takers;
    this.#toEvent = createEventMaker({ names, ...ports });
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
    for (let taken = 0; taken < most; taken++) {
      const next = reader.next();
      if (next === 'end') return true;
      if (next === 'malformed') this.#entries.malformed.value += 1;
      else this.#takeEntry(next, reader, node);
    }
    return false;
  }

  #takeEntry(entry: Entry, reader: EntryReader, node: string): void {
    const entries = entry.isTcp ? this.#entries.tcp : this.#entries.http;
    if (!isEnd(entry)) {
      entries.ignored.value += 1;
      return;
    }
    entries.counted.value += 1;
    this.#requests.ended(entry);
    if (this.#takers.length === 0) return;
    const event = this.#toEvent(entry, reader.node || node);
    for (const taker of this.#takers) taker.take(event);
  }
}
