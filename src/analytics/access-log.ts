import { setImmediate as pause } from 'node:timers/promises';
import type { Timers } from '../clock.ts';
import type { SharedFamily } from '../observe/exposition.ts';
import type { Cube } from '../rollup/cube.ts';
import { CubeFeed } from './cube-feed.ts';
import { Crediting, isCounted } from './crediting.ts';
import type { Credited, CreditingPorts, ForeignId } from './crediting.ts';
import { createEntryMetrics } from './entry-metrics.ts';
import type { EntryMetrics } from './entry-metrics.ts';
import type { Entry } from './entry.ts';
import type { EventTaker } from './event.ts';
import { ForeignEntries } from './foreign-entries.ts';
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

/** Entries counted without a pause: about a millisecond. After an interruption, Envoy sends thousands at once. */
const ENTRIES_PER_TURN = 200;

type EventNeeds = Pick<EventPorts, 'now' | 'newId' | 'clientAddress'>;

export interface AccessLogPorts extends EventNeeds, FamilyBounds, CreditingPorts, UncheckedPorts {
  readonly timers: Timers;
  /** Families that write themselves: those of requests are added to them. */
  readonly families: SharedFamily[];
  /** The names in the documents in force. */
  readonly names: () => Names;
  /** The number of open streams. */
  readonly streams: () => number;
  /** Receive an event for each request; if there are none, no event is made. */
  readonly takers: readonly EventTaker[];
  /** Samples of decisions, which get the event of their request; undefined: no samples are kept. */
  readonly samples?: () => Pick<Samples, 'has' | 'ended'> | undefined;
  /** Counts requests in slots; undefined until there is a taker of slots. */
  readonly cube: () => Cube | undefined;
}

/** The stream of one Envoy. */
export interface LogStream {
  /** @param message a `StreamAccessLogsMessage`; its bytes must not change before the promise settles */
  take(message: Uint8Array): Promise<void>;
}

/** Counts the entries of Envoy's access log. Loaded at the first stream, because most sidecars have none. */
export class AccessLog {
  readonly #entries: EntryMetrics;
  readonly #requests: RequestMetrics;
  readonly #key = new RequestKey();
  readonly #slots: CubeFeed;
  readonly #toEvent: EventMaker;
  readonly #crediting: Crediting;
  readonly #foreign: ForeignEntries;
  readonly #unchecked: Unchecked;
  readonly #ports: Pick<AccessLogPorts, 'names' | 'takers' | 'now' | 'samples'>;

  constructor({ registry, families, streams, cube, mostSeries, seed, timers, ...ports }: AccessLogPorts) {
    this.#crediting = new Crediting(ports);
    this.#foreign = new ForeignEntries({
      crediting: this.#crediting,
      timers,
      count: (entry, credited, node) => {
        this.#slots.tick();
        this.#count(entry, credited, ports.now(), node);
      },
    });
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
        const foreign: ForeignId[] = [];
        for (let place = 0; ; place += ENTRIES_PER_TURN) {
          const hasEnded = this.#takeSome(reader, place, node, foreign);
          if (reader.node !== '') node = reader.node;
          if (hasEnded) break;
          await pause();
        }
        if (foreign.length > 0) await this.#foreign.take(message, foreign, node);
      },
    };
  }

  /** Settles when no entry waits for what other processes say of it. */
  settled(): Promise<void> {
    return this.#foreign.settled();
  }

  /**
   * @param place how many entries of the message came before
   * @param foreign gets what others must be asked of
   * @returns whether the message has ended
   */
  #takeSome(reader: EntryReader, place: number, node: string, foreign: ForeignId[]): boolean {
    const now = this.#ports.now();
    this.#slots.tick();
    for (let taken = 0; taken < ENTRIES_PER_TURN; taken++) {
      const entry = reader.next();
      if (entry === 'end') return true;
      if (entry === 'malformed') this.#entries.malformed.value += 1;
      else if (!isEnd(entry)) this.#ofProtocol(entry).ignored.value += 1;
      else {
        const credited = this.#crediting.credit(entry);
        if (credited === 'elsewhere') foreign.push(this.#crediting.foreignId(place + taken, entry));
        else this.#count(entry, credited, now, reader.node || node);
      }
    }
    return false;
  }

  #ofProtocol({ isTcp }: Entry): EntryMetrics['http'] {
    return isTcp ? this.#entries.tcp : this.#entries.http;
  }

  #count(entry: Entry, credited: Credited, now: number, node: string): void {
    this.#ofProtocol(entry)[credited === 'undecided' ? 'counted' : credited].value += 1;
    if (!isCounted(credited)) return;
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
    if (takers.length === 0 && !isSampled) return;
    const event = this.#toEvent(entry, node);
    for (const taker of takers) taker.take(event);
    if (isSampled) samples?.ended(sequence, event);
  }
}
