// Entries of Envoy's access log, decoded, credited to the decisions that they are of, and counted; beside protobuf-es in
// place of our reader. Run: node bench/access-log.ts
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { HTTPAccessLogEntrySchema } from '../gen/envoy/data/accesslog/v3/accesslog_pb.js';
import { StreamAccessLogsMessageSchema } from '../gen/envoy/service/accesslog/v3/als_pb.js';
import { Crediting } from '../src/analytics/crediting.ts';
import { CubeFeed } from '../src/analytics/cube-feed.ts';
import { ID_LENGTH } from '../src/analytics/decision-id.ts';
import type { Entry } from '../src/analytics/entry.ts';
import { createEventMaker } from '../src/analytics/make-event.ts';
import { isEnd } from '../src/analytics/outcome.ts';
import { EntryReader } from '../src/analytics/read-message.ts';
import { createRequestFamilies } from '../src/analytics/request-families.ts';
import { RequestKey } from '../src/analytics/request-key.ts';
import type { Names } from '../src/analytics/request-key.ts';
import { RequestMetrics } from '../src/analytics/request-metrics.ts';
import { noSharing } from '../src/analytics/sharing.ts';
import { systemClock, systemTimers } from '../src/clock.ts';
import { createDirectory } from '../src/contract/directory.ts';
import { Cube } from '../src/rollup/cube.ts';
import type { Api } from '../src/snapshot/snapshot.ts';
import { decide, openAccounts } from '../test/analytics/decided.ts';
import { LibraryEntry } from './library-entry.ts';
import { DESTINATION, loggedEntry, NO_ID, toldOf } from './logged-entry.ts';
import { median } from './timing.ts';

const ENTRIES = 20;
const ROUNDS = 7;

const MESSAGE = Buffer.from(
  toBinary(
    StreamAccessLogsMessageSchema,
    create(StreamAccessLogsMessageSchema, {
      logEntries: {
        case: 'httpLogs',
        value: {
          logEntry: Array.from({ length: ENTRIES }, (_, index) => create(HTTPAccessLogEntrySchema, loggedEntry(index))),
        },
      },
    }),
  ),
);

/** Where the ids of the entries lie. */
const PLACES: number[] = [];
for (let at = MESSAGE.indexOf(NO_ID); at >= 0; at = MESSAGE.indexOf(NO_ID, at + ID_LENGTH)) PLACES.push(at);

const clients = Array.from({ length: ENTRIES }, (_, index) => ({
  name: `web-shop-${index}`,
  clientId: `client-${index}`,
  secrets: [],
}));
const TIER = { name: 'gold', limits: [] };
const API = { name: 'orders', basePath: '/orders', labels: {}, tiers: [TIER], access: [], quota: [] } as unknown as Api;
const contracts = clients.map((client) => ({
  name: `${client.name}-orders`,
  api: 'orders',
  client,
  status: 'approved' as const,
  tier: TIER,
}));
const names = { apiNamed: () => API, directory: createDirectory(clients, contracts), reasons: {} } as unknown as Names;
const BOUNDS = { mostSeries: 50_000, seed: 1 };
const TOLD = Array.from({ length: ENTRIES }, (_, index) => toldOf(index));

/** All that an entry meets: the decisions of a process, and what counts requests. */
class Side {
  readonly #accounts = openAccounts();
  readonly #crediting = new Crediting({
    accounts: this.#accounts,
    sharing: noSharing,
    monotonic: () => systemClock.monotonic(),
  });
  readonly #metrics = new RequestMetrics(createRequestFamilies(BOUNDS));
  readonly #cube = new Cube(
    { node: 'bench', epoch: '00000001', ...BOUNDS },
    { clock: systemClock, timers: systemTimers },
  );
  readonly #slots = new CubeFeed(() => this.#cube);
  readonly #key = new RequestKey();

  /** Messages of entries whose decisions have just been taken. */
  messages(count: number): readonly Buffer[] {
    this.#accounts.ledger.turn();
    return Array.from({ length: count }, () => {
      const message = Buffer.from(MESSAGE);
      for (const [index, at] of PLACES.entries()) {
        message.write(decide(this.#accounts, TOLD[index] ?? {}, DESTINATION, 0.2), at, 'latin1');
      }
      return message;
    });
  }

  tick(): void {
    this.#slots.tick();
  }

  /** As `AccessLog` does. */
  take(entry: Entry): void {
    if (!isEnd(entry)) throw new Error('the entry is of a request under way');
    const credited = this.#crediting.credit(entry);
    if (credited !== 'counted') throw new Error(`an entry is ${credited}`);
    this.#key.read(entry, names, true);
    this.#metrics.ended(entry, this.#key, 0);
    this.#slots.ended(entry, this.#key);
  }
}

type Work = (message: Uint8Array, side: Side) => void;

function readAll(message: Uint8Array, take: (entry: Entry) => void): void {
  const reader = new EntryReader(message);
  for (let next = reader.next(); next !== 'end'; next = reader.next()) {
    if (next === 'malformed') throw new Error('an entry is malformed');
    take(next);
  }
}

function decodeAll(message: Uint8Array, take: (entry: Entry) => void): void {
  const { logEntries } = fromBinary(StreamAccessLogsMessageSchema, message);
  if (logEntries.case !== 'httpLogs') throw new Error('the message has no entries');
  for (const entry of logEntries.value.logEntry) take(LibraryEntry.of(entry));
}

const counted =
  (read: typeof readAll): Work =>
  (message, side) => {
    side.tick();
    read(message, (entry) => side.take(entry));
  };

const toEvent = createEventMaker({ names: () => names, now: () => 0, newId: () => 'made', clientAddress: 'truncated' });
let sink = 0;

interface Measured {
  readonly name: string;
  readonly work: Work;
  readonly messages: number;
  readonly side: Side;
  /** Microseconds of its core that an entry takes, by round. */
  readonly micros: number[];
}

const measured = (name: string, messages: number, work: Work): Measured => ({
  name,
  work,
  messages,
  side: new Side(),
  micros: [],
});
const OURS = measured('read, credited and counted', 1000, counted(readAll));
const LIBRARY = measured('the same with protobuf-es', 200, counted(decodeAll));
const READ = measured('read alone', 1000, (message) => readAll(message, () => (sink += 1)));
const DECODED = measured('decoded by protobuf-es alone', 200, (message) => decodeAll(message, () => (sink += 1)));
const EVENT = measured('read, and an event made', 1000, (message) =>
  readAll(message, (entry) => (sink += toEvent(entry, 'sidecar').status)),
);
const ALL = [OURS, LIBRARY, READ, DECODED, EVENT];

// The first round warms up.
for (let round = 0; round <= ROUNDS; round++) {
  for (const { work, messages, side, micros } of ALL) {
    const ready = side.messages(messages);
    const start = process.threadCpuUsage();
    for (const message of ready) work(message, side);
    const { user, system } = process.threadCpuUsage(start);
    if (round > 0) micros.push((user + system) / (messages * ENTRIES));
  }
}
if (Number.isNaN(sink)) throw new TypeError('the work must be used');

console.log(`entries of ${Math.round(MESSAGE.length / ENTRIES)} bytes, medians of ${ROUNDS} alternating rounds`);
for (const { name, micros } of ALL) {
  const each = median(micros);
  console.log(
    `${name.padEnd(30)}${(1e6 / each).toFixed(0).padStart(9)} entries/s of a core${each.toFixed(2).padStart(8)} µs`,
  );
}
const ratio = (one: Measured, other: Measured): string => (median(one.micros) / median(other.micros)).toFixed(1);
console.log(`${'credited and counted, ratio'.padEnd(30)}${ratio(LIBRARY, OURS).padStart(9)}`);
console.log(`${'decoded alone, ratio'.padEnd(30)}${ratio(DECODED, READ).padStart(9)}`);
