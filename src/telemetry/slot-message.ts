import { create } from '@bufbuild/protobuf';
import { SlotPartSchema, SlotRowsSchema } from '../../gen/ostiary/v1/telemetry_pb.js';
import type { SlotPart, SlotRows } from '../../gen/ostiary/v1/telemetry_pb.js';
import { DIMENSIONS } from '../rollup/slot.ts';
import type { Slot, SlotRow } from '../rollup/slot.ts';

/** Rows in one message. Making it takes some milliseconds, and it is well below a megabyte. */
const ROWS_A_PART = 1000;
/** However long its texts are: a receiver takes messages of 4 MiB. */
const CHARACTERS_A_PART = 1024 * 1024;

/** Makes the messages of a slot one at a time, so that the sender can pause between them. */
export function* partsOf(slot: Slot): Generator<SlotPart> {
  const ends = endsOf(slot.rows);
  const parts = ends.length;
  const { decided, reported, unreported, unknown } = slot.completeness;
  for (const [part, end] of ends.entries()) {
    yield create(SlotPartSchema, {
      epoch: slot.epoch,
      sequence: BigInt(slot.sequence),
      part,
      parts,
      startMs: BigInt(slot.startMs),
      periodMs: slot.periodMs,
      decided: BigInt(decided),
      reported: BigInt(reported),
      unreported: BigInt(unreported),
      unknown: BigInt(unknown),
      folded: BigInt(slot.folded),
      rows: toColumns(slot.rows.slice(ends[part - 1] ?? 0, end)),
    });
  }
}

/** Where each part ends; at least one. */
function endsOf(rows: readonly SlotRow[]): readonly number[] {
  const ends: number[] = [];
  let characters = 0;
  for (const [at, { key }] of rows.entries()) {
    characters += key.reduce((sum, text) => sum + text.length, 0);
    if (at + 1 - (ends.at(-1) ?? 0) < ROWS_A_PART && characters < CHARACTERS_A_PART) continue;
    ends.push(at + 1);
    characters = 0;
  }
  if (rows.length === 0 || ends.at(-1) !== rows.length) ends.push(rows.length);
  return ends;
}

function toColumns(rows: readonly SlotRow[]): SlotRows {
  const columns = create(SlotRowsSchema, { dimensions: [...DIMENSIONS], texts: [''] });
  const places = new Map([['', 0]]);
  for (const row of rows) {
    for (const text of row.key) {
      let place = places.get(text);
      if (place === undefined) {
        place = columns.texts.length;
        places.set(text, place);
        columns.texts.push(text);
      }
      columns.values.push(place);
    }
    columns.count.push(BigInt(row.count));
    columns.requestBytes.push(BigInt(row.requestBytes));
    columns.responseBytes.push(BigInt(row.responseBytes));
    columns.durationCount.push(BigInt(row.durationCount));
    columns.durationMs.push(row.durationMs);
    columns.policyMs.push(row.policyMs);
    columns.bucketCount.push(row.durations.length / 2);
    for (let at = 0; at < row.durations.length; at += 2) {
      columns.buckets.push(row.durations[at] as number);
      columns.bucketDurations.push(BigInt(row.durations[at + 1] as number));
    }
  }
  return columns;
}
