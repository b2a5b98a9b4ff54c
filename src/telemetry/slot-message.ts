import { create } from '@bufbuild/protobuf';
import { SlotPartSchema, SlotRowsSchema } from '../../gen/ostiary/v1/telemetry_pb.js';
import type { SlotPart, SlotRows } from '../../gen/ostiary/v1/telemetry_pb.js';
import { DIMENSIONS } from '../rollup/slot.ts';
import type { Slot, SlotRow } from '../rollup/slot.ts';

/** Rows in one message. Making it takes some milliseconds, and it is well below a megabyte. */
const ROWS_A_PART = 1000;

/** Makes the messages of a slot one at a time, so that the sender can pause between them. */
export function* partsOf(slot: Slot): Generator<SlotPart> {
  const parts = Math.max(1, Math.ceil(slot.rows.length / ROWS_A_PART));
  const { decided, reported, unreported, unknown } = slot.completeness;
  for (let part = 0; part < parts; part += 1) {
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
      rows: toColumns(slot.rows.slice(part * ROWS_A_PART, (part + 1) * ROWS_A_PART)),
    });
  }
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
