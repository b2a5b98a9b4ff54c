import { setImmediate as pause } from 'node:timers/promises';
import type { Registry } from '../observe/prometheus.ts';
import { createEntryMetrics } from './entry-metrics.ts';
import { isEnd } from './outcome.ts';
import { EntryReader } from './read-message.ts';
import { createRequestMetrics } from './request-metrics.ts';
import type { Names } from './request-metrics.ts';

/** Entries counted without a pause: about a millisecond. Envoy sends thousands at once where it could send none before. */
const ENTRIES_PER_TURN = 200;

export interface AccessLogPorts {
  readonly registry: Registry;
  /** Of the documents in force. */
  readonly names: () => Names;
  /** How many streams are open. */
  readonly streams: () => number;
}

/** Counts what Envoy logs. Loaded at the first stream: most sidecars have none. */
export class AccessLog {
  readonly #entries;
  readonly #requests;

  constructor({ registry, names, streams }: AccessLogPorts) {
    this.#requests = createRequestMetrics(registry, names);
    this.#entries = createEntryMetrics(registry);
    this.#entries.observeStreams(streams);
  }

  /** @param message a `StreamAccessLogsMessage`; its bytes must not change before the promise settles */
  async take(message: Uint8Array): Promise<void> {
    const reader = new EntryReader(message);
    while (!this.takeSome(reader, ENTRIES_PER_TURN)) await pause();
  }

  /** @returns whether the message is at its end */
  takeSome(reader: EntryReader, most: number): boolean {
    for (let taken = 0; taken < most; taken++) {
      const next = reader.next();
      if (next === 'end') return true;
      if (next === 'tcp') this.#entries.tcp.value += 1;
      else if (next === 'malformed') this.#entries.malformed.value += 1;
      else if (isEnd(next)) {
        this.#entries.counted.value += 1;
        this.#requests.ended(next);
      } else this.#entries.ignored.value += 1;
    }
    return false;
  }
}
