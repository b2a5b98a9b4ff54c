import type { SlotPart, SlotRows } from '../../gen/ostiary/v1/telemetry_pb.js';
import { HIGHEST_BUCKET, LOWEST_BUCKET } from '../rollup/histogram.ts';
import { DIMENSIONS } from '../rollup/slot.ts';
import type { Slot, SlotRow } from '../rollup/slot.ts';

/** A node sent something that is not a slot. The message says what is wrong. */
export class MalformedSlot extends Error {
  override name = 'MalformedSlot';
}

/** The longest text: more than the longest name that documents and log entries may have. */
const LONGEST_TEXT = 4096;
const MOST_DIMENSIONS = 64;
/** Far beyond what one process can decide in ten seconds; so no sum of years gets too large for a database. */
const MOST_REQUESTS = 1e9;
/** 800 Gbit/s. */
const MOST_BYTES = 1e12;
/** As long as {@link MOST_REQUESTS} of which each took an hour. */
const MOST_MS = 3.6e15;
const EPOCH = /^[0-9a-f]{8}$/;

/**
 * Reads one part as a slot of its own. It is the whole slot if there is only one part.
 * @throws MalformedSlot
 */
export function readPart(node: string, part: SlotPart): Slot {
  if (!EPOCH.test(part.epoch)) throw new MalformedSlot('epoch: expected 8 hexadecimal digits');
  return {
    node,
    epoch: part.epoch,
    sequence: whole(part.sequence, 'sequence', 1),
    startMs: whole(part.startMs, 'start_ms', 0),
    periodMs: part.periodMs,
    completeness: {
      decided: within(part.decided, 'decided', MOST_REQUESTS),
      reported: within(part.reported, 'reported', MOST_REQUESTS),
      unreported: within(part.unreported, 'unreported', MOST_REQUESTS),
      unknown: within(part.unknown, 'unknown', MOST_REQUESTS),
    },
    folded: within(part.folded, 'folded', MOST_REQUESTS),
    rows: part.rows === undefined ? [] : readRows(part.rows),
  };
}

function readRows(columns: SlotRows): SlotRow[] {
  const { dimensions, texts, values, count } = columns;
  checkColumns(columns);
  const places = DIMENSIONS.map((name) => dimensions.indexOf(name));
  let bucket = 0;
  return count.map((_, row) => {
    const first = bucket;
    bucket += columns.bucketCount[row] as number;
    const number = (name: 'count' | 'requestBytes' | 'responseBytes' | 'durationCount'): number =>
      within(columns[name][row] as bigint, name, name.endsWith('Bytes') ? MOST_BYTES : MOST_REQUESTS);
    return {
      key: places.map((place) => {
        return place < 0 ? '' : (texts[values[row * dimensions.length + place] as number] as string);
      }),
      count: number('count'),
      requestBytes: number('requestBytes'),
      responseBytes: number('responseBytes'),
      durationCount: number('durationCount'),
      durationMs: duration(columns.durationMs[row] as number, 'duration_ms'),
      policyMs: duration(columns.policyMs[row] as number, 'policy_ms'),
      durations: pairsOf(columns, first, bucket),
    };
  });
}

/** Checks that each column has as many numbers as there are rows, and that indexes are in range. */
function checkColumns(columns: SlotRows): void {
  const { dimensions, texts, values, count, bucketCount, buckets, bucketDurations } = columns;
  const rows = count.length;
  if (dimensions.length > MOST_DIMENSIONS) throw new MalformedSlot(`dimensions: more than ${MOST_DIMENSIONS}`);
  for (const name of [
    'requestBytes',
    'responseBytes',
    'durationCount',
    'durationMs',
    'policyMs',
    'bucketCount',
  ] as const) {
    if (columns[name].length !== rows) throw new MalformedSlot(`${name}: expected ${rows} numbers, one for each row`);
  }
  if (values.length !== rows * dimensions.length)
    throw new MalformedSlot('values: expected one of each dimension a row');
  if (rows > 0 && texts[0] !== '') throw new MalformedSlot('texts: the first is not empty');
  if (texts.some((text) => text.length > LONGEST_TEXT)) throw new MalformedSlot('texts: one is too long');
  // No database of PostgreSQL takes it.
  if (texts.some((text) => text.includes('\0'))) throw new MalformedSlot('texts: one has a NUL');
  if (values.some((place) => place >= texts.length)) throw new MalformedSlot('values: a place without a text');
  const all = bucketCount.reduce((sum, each) => sum + each, 0);
  if (buckets.length !== all || bucketDurations.length !== all) {
    throw new MalformedSlot('buckets: not as many as bucket_count says');
  }
}

function pairsOf({ buckets, bucketDurations }: SlotRows, from: number, until: number): number[] {
  const pairs: number[] = [];
  let last = LOWEST_BUCKET - 1;
  for (let at = from; at < until; at += 1) {
    const bucket = buckets[at] as number;
    if (bucket <= last || bucket > HIGHEST_BUCKET)
      throw new MalformedSlot('buckets: expected ascending ones of scale 3');
    last = bucket;
    pairs.push(bucket, within(bucketDurations[at] as bigint, 'bucket_durations', MOST_REQUESTS));
  }
  return pairs;
}

function whole(value: bigint, field: string, least: number): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new MalformedSlot(`${field}: ${value} is out of range`);
}

/** A correction is negative. */
function within(value: bigint, field: string, most: number): number {
  const number = Number(value);
  if (Math.abs(number) <= most) return number;
  throw new MalformedSlot(`${field}: ${value} is out of range`);
}

function duration(value: number, field: string): number {
  if (Math.abs(value) <= MOST_MS) return value;
  throw new MalformedSlot(`${field}: expected a number of milliseconds`);
}
