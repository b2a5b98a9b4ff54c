import { setImmediate as pause } from 'node:timers/promises';
import type { SharedFamily } from '../observe/exposition.ts';
import type { Cube } from '../rollup/cube.ts';
import { CubeFeed } from './cube-feed.ts';
import { Crediting, isCounted } from './crediting.ts';
import type { CreditingPorts } from './crediting.ts';
import { createEntryMetrics } from './entry-metrics.ts';
import type { Entry } from './entry.ts';
import type { EventTaker } from './event.ts';
import { createEventMaker } from './make-event.ts';
import type { EventMaker, EventPorts } from './make-event.ts';
import { isEnd, outcomeOf } from './outcome.ts';
import { EntryReader } from './read-message.ts';
import { createRequestFamilies } from './request-families.ts';
import type { FamilyBounds } from './request-families.ts';
import { RequestKey } from './request-key.ts';
import type { Names } from './request-key.ts';
import { RequestMetrics } from './request-metrics.ts';
import type { Samples } from './samples.ts';
import { Unchecked } from './unchecked.ts';
import type { UncheckedPorts } from './unchecked.ts';

/** Entries counted without a pause: about a millisecond. Envoy sends thousands at once where it could send none before. */
const ENTRIES_PER_TURN = 200;

type EventNeeds = Pick<EventPorts, 'now' | 'newId' | 'clientAddress'>;

export interface AccessLogPorts extends EventNeeds, FamilyBounds, CreditingPorts, UncheckedPorts {
  /** Families that write themselves: those of requests are added to them. */
  readonly families: SharedFamily[];
  /** Of the documents in force. */
  readonly names: () => Names;
  /** How many streams are open. */
  readonly streams: () => number;
  /** Who is told of each request; with none, no event is made. */
  readonly takers: readonly EventTaker[];
  /** What is kept of some decisions, to which their events are added; undefined: nothing is kept. */
  readonly samples?: () => Pick<Samples, 'has' | 'ended'> | undefined;
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
  readonly #crediting: Crediting;
  readonly #unchecked: Unchecked;
  readonly #ports: Pick<AccessLogPorts, 'names' | 'takers' | 'now' | 'samples'>;

  constructor({ registry, families, streams, cube, mostSeries, seed, ...ports }: AccessLogPorts) {
    this.#crediting = new Crediting(ports);
    this.#unchecked = new Unchecked({ registry, ...ports });
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
        for (;;) {
          const stop = this.#takeSome(reader, ENTRIES_PER_TURN, node);
          if (reader.node !== '') node = reader.node;
          if (stop === 'end') return;
          if (stop === 'pause') await pause();
          else {
            await this.#crediting.ask(stop.epoch);
            this.#slots.tick();
            this.#takeEntry(stop.entry, this.#ports.now(), node, true);
          }
        }
      },
    };
  }

  /** @returns why it stopped: where an entry waits for what others know of its epoch, both */
  #takeSome(reader: EntryReader, most: number, node: string): 'end' | 'pause' | Asking {
    const now = this.#ports.now();
    this.#slots.tick();
    for (let taken = 0; taken < most; taken++) {
      const next = reader.next();
      if (next === 'end') return 'end';
      if (next === 'malformed') this.#entries.malformed.value += 1;
      else {
        const epoch = this.#takeEntry(next, now, reader.node || node, false);
        if (epoch !== undefined) return { epoch, entry: next };
      }
    }
    return 'pause';
  }

  /** @returns an epoch that others must be asked for first, if they were not */
  #takeEntry(entry: Entry, now: number, node: string, isAsked: boolean): number | undefined {
    const entries = entry.isTcp ? this.#entries.tcp : this.#entries.http;
    if (!isEnd(entry)) {
      entries.ignored.value += 1;
      return undefined;
    }
    let credited = this.#crediting.credit(entry);
    if (typeof credited === 'number') {
      if (!isAsked) return credited;
      credited = 'foreign';
    }
    entries[credited === 'undecided' ? 'counted' : credited].value += 1;
    if (!isCounted(credited)) return undefined;
    if (credited === 'undecided') {
      entry.forgetDecision();
      if (outcomeOf(entry) === 'unchecked') this.#unchecked.passed(entry, node);
    }
    const { names, takers } = this.#ports;
    this.#key.read(entry, names(), this.#slots.isWanted);
    this.#requests.ended(entry, this.#key, now);
    this.#slots.ended(entry, this.#key);
    const { sequence } = this.#crediting;
    const samples = this.#ports.samples?.();
    const isSampled = sequence >= 0 && samples?.has(sequence) === true;
    if (takers.length === 0 && !isSampled) return undefined;
    const event = this.#toEvent(entry, node);
    for (const taker of takers) taker.take(event);
    if (isSampled) samples?.ended(sequence, event);
    return undefined;
  }
}

interface Asking {
  readonly epoch: number;
  readonly entry: Entry;
}
