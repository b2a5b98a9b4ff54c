import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ReportSlotsRequestSchema, ReportSlotsResponseSchema } from '../../gen/ostiary/v1/telemetry_pb.js';
import type { SlotPart } from '../../gen/ostiary/v1/telemetry_pb.js';
import type { SampledRequest } from '../../src/analytics/sampled-request.ts';
import { reportSlotsMethod } from '../../src/telemetry/report-service.ts';
import { toSample } from '../../src/telemetry/sample-message.ts';
import { SlotIntake } from '../../src/telemetry/slot-intake.ts';
import { partsOf } from '../../src/telemetry/slot-message.ts';
import { rowOf, slotOf } from '../rollup/kept-slots.ts';
import { StoreInMemory } from './lossy-network.ts';

const slot = slotOf(10_000, [rowOf({ api: 'orders', client: 'shop' }, 3), rowOf({ client: 'till' }, -1)]);
const SAMPLE: SampledRequest = {
  event: {
    id: 'id-1',
    receivedAt: 1_700_000_000_000,
    endedAt: 1_700_000_000_123,
    api: 'orders',
    client: 'shop',
    outcome: 'blocked',
    reason: 'quota_spent',
    shadow: ['new:quota_spent'],
    method: 'GET',
    status: 429,
    grpcStatus: 8,
    responseFlags: ['UAEX'],
    requestBytes: 1,
    responseBytes: 2,
    durationMs: 1.5,
  },
  steps: [
    { name: 'a', policy: 'rate-limiting', mode: 'enforce', result: 'deny', reason: 'quota_spent', durationMs: 0.25 },
    { name: 'b', policy: 'jwt-validation', mode: 'shadow', result: 'not_reached', durationMs: 0 },
  ],
};

function changed(change: (part: SlotPart) => void): SlotPart {
  const [part] = [...partsOf(slot)];
  if (part === undefined) throw new Error('a slot has a part');
  change(part);
  return part;
}

async function report(requests: readonly Uint8Array[], store = new StoreInMemory()) {
  const samples: SampledRequest[] = [];
  const method = reportSlotsMethod({
    intake: new SlotIntake(store),
    takeSamples: (_, some) => void samples.push(...some),
    refusal: (node) => (node === 'pod-9' ? 'pod-9 is not who you are' : undefined),
    mostRows: 100,
  });
  if (method.kind !== 'bidirectional') throw new TypeError('expected a stream');
  async function* sent() {
    yield* requests;
  }
  const answers = [];
  const call = { deadline: Infinity, signal: new AbortController().signal };
  for await (const bytes of method.handle(sent(), call)) answers.push(fromBinary(ReportSlotsResponseSchema, bytes));
  return { answers, samples, store };
}

const request = (part?: SlotPart, parts: object = {}): Uint8Array =>
  toBinary(
    ReportSlotsRequestSchema,
    create(ReportSlotsRequestSchema, { node: 'node-1', ...(part && { part }), ...parts }),
  );

describe('ostiary.v1.TelemetryService', () => {
  it('stores a slot as it was, and acknowledges it', async () => {
    const { answers, store } = await report([...partsOf(slot)].map((part) => request(part)));
    expect(store.slots).toEqual([slot]);
    expect(answers).toMatchObject([{ receipts: [{ epoch: slot.epoch, through: 0n, beyond: [2n] }], refusals: [] }]);
  });

  it('takes samples as they were, and passes over those that are none', async () => {
    const { samples } = await report([
      request(undefined, { samples: [toSample(SAMPLE), { id: 'x', outcome: 'unheard-of' }, {}] }),
    ]);
    expect(samples).toEqual([SAMPLE]);
  });

  it.each<[string, (part: SlotPart) => void]>([
    ['another epoch than there are', (part) => (part.epoch = '../../x')],
    ['no sequence', (part) => (part.sequence = 0n)],
    ['a sequence beyond all numbers', (part) => (part.sequence = 2n ** 60n)],
    ['a part that there is not', (part) => (part.part = 1)],
    ['as many parts as numbers', (part) => ([part.part, part.parts] = [0, 4_000_000_000])],
    ['a text that there is not', (part) => (part.rows!.values[3] = 99)],
    ['a value too few', (part) => void part.rows!.values.pop()],
    ['a number too few', (part) => void part.rows!.policyMs.pop()],
    ['no number', (part) => (part.rows!.durationMs[0] = Number.NaN)],
    ['a bucket that there is not', (part) => (part.rows!.buckets[0] = 201)],
    ['more buckets than there are', (part) => (part.rows!.bucketCount[1] = 4_000_000_000)],
    ['a first text', (part) => (part.rows!.texts[0] = 'x')],
    ['a text without end', (part) => (part.rows!.texts[1] = 'x'.repeat(5000))],
  ])('refuses a slot that has %s, and goes on', async (_, change) => {
    const part = changed(change);
    const next = [...partsOf({ ...slot, sequence: 7 })].map((each) => request(each));
    const { answers, store } = await report([request(part), ...next]);
    expect(answers[0]).toMatchObject({ receipts: [], refusals: [{ sequence: part.sequence, why: 'malformed' }] });
    expect(store.slots.map(({ sequence }) => sequence)).toEqual([7]);
  });

  it('refuses more rows than a slot may have, in however many parts', async () => {
    const rows = Array.from({ length: 101 }, (_, at) => rowOf({ route: `/${at}` }, 1));
    const { answers, store } = await report([...partsOf(slotOf(0, rows))].map((part) => request(part)));
    expect([answers[0]?.refusals[0]?.why, store.slots]).toEqual(['malformed', []]);
  });

  it('knows dimensions by their names: it passes over a new one, and takes one that is missing as empty', async () => {
    const part = changed(({ rows }) => {
      const at = rows?.dimensions.indexOf('client') ?? -1;
      rows!.dimensions[at] = 'planet';
    });
    const { store } = await report([request(part)]);
    expect(store.slots[0]?.rows.map(({ key }) => key.filter((text) => text !== ''))).toEqual([['orders'], []]);
  });

  it.each([
    ['no message', [new Uint8Array([255, 255])], /is no ReportSlotsRequest/],
    ['no node', [request(undefined, { node: '' })], /node: a name is required/],
    ['a node that the caller is not', [request(undefined, { node: 'pod-9' })], /not who you are/],
    ['the slots of two nodes', [request(), request(undefined, { node: 'pod-2' })], /the stream is of node-1/],
  ])('ends a stream of %s', async (_, requests, message) => {
    await expect(report(requests)).rejects.toThrow(message);
  });

  it('ends the stream where a slot can not be stored, so that it is sent again', async () => {
    const full = new StoreInMemory(() => 'lost');
    const stored = report(
      [...partsOf(slot)].map((part) => request(part)),
      full,
    );
    await expect(stored).rejects.toThrow(/send them again later/);
  });
});
