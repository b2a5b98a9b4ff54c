import { createCipheriv } from 'node:crypto';
import { fromBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { ENDING, IdWriter, ReadId } from '../../src/analytics/decision-id.ts';
import { drawEpoch, Tags } from '../../src/analytics/tags.ts';
import { createAnswerWriter } from '../../src/envoy/write-answer.ts';
import { decision as anyDecision } from '../envoy/decision.arbitrary.ts';
import { readCheck } from '../../src/envoy/read-check.ts';
import { reasons } from '../../src/denial/reasons.ts';

const epoch = drawEpoch();

function written(writer: IdWriter, durationMs = 0): string {
  const answer = Buffer.from(ENDING, 'latin1');
  writer.write(answer, durationMs);
  return answer.toString('latin1', answer.length - 28);
}

function read(text: string): ReadId | undefined {
  const id = new ReadId();
  return id.read(Buffer.from(text, 'latin1'), 0, text.length) ? id : undefined;
}

test('an id is the base64url of epoch, sequence, AES-CTR key stream and microseconds', () => {
  const writer = new IdWriter(epoch);
  const stream = createCipheriv('aes-128-ctr', epoch.key, Buffer.alloc(16)).update(Buffer.alloc(8 * 3000));
  for (let sequence = 0; sequence < 3000; sequence++) {
    expect(writer.next()).toBe(sequence);
    const bytes = Buffer.from(written(writer, sequence / 1000), 'base64url');
    const expected = Buffer.alloc(21);
    expected.writeUInt32BE(epoch.number, 0);
    expected.writeUIntBE(sequence, 4, 6);
    stream.copy(expected, 10, sequence * 8, sequence * 8 + 8);
    expected.writeUIntBE(sequence, 18, 3);
    expect(bytes.equals(expected)).toBe(true);
  }
  expect(writer.given).toBe(3000);
});

test('what is read is what was written, and its tag is right; no two are equal', () => {
  const writer = new IdWriter(epoch);
  const tags = new Tags(epoch);
  const all = new Set<string>();
  for (let i = 0; i < 20_000; i++) {
    const sequence = writer.next();
    const id = read(written(writer, 0.25));
    expect(id).toMatchObject({ epoch: epoch.number, sequence, microseconds: 250 });
    all.add(written(writer));
    if (!tags.isTag(sequence, id!.tagHigh, id!.tagLow)) expect.fail(`tag of ${sequence}`);
  }
  expect(all.size).toBe(20_000);
});

test('a changed character of what the tag covers is found out, whichever it is', () => {
  const writer = new IdWriter(epoch);
  for (let i = 0; i < 5000; i++) writer.next();
  const good = written(writer);
  const tags = new Tags(epoch);
  const isRight = (text: string): boolean => {
    const id = read(text);
    return id !== undefined && id.epoch === epoch.number && tags.isTag(id.sequence, id.tagHigh, id.tagLow);
  };
  expect(isRight(good)).toBe(true);
  const character = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split(''));
  fc.assert(
    fc.property(fc.nat({ max: 23 }), character, (at, put) => {
      fc.pre(good[at] !== put);
      expect(isRight(good.slice(0, at) + put + good.slice(at + 1))).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('an id of another key has another tag, though epoch and sequence are the same', () => {
  const other = new IdWriter({ number: epoch.number, key: drawEpoch().key });
  other.next();
  const id = read(written(other));
  expect(new Tags(epoch).isTag(0, id!.tagHigh, id!.tagLow)).toBe(false);
});

test('tags are the same whether they come one after another or are looked up far from each other', () => {
  const [one, other] = [new Tags(epoch), new Tags(epoch)];
  const next = one.stream();
  for (let block = 0; block < 40; block++) expect(next().equals(other.block(block))).toBe(true);
  // Beyond 32 bits.
  const far = 2 ** 33 / 1024 + 5;
  expect(one.block(far).equals(other.block(far))).toBe(true);
  expect(one.block(far).equals(one.block(far + 1))).toBe(false);
});

test.each(['', 'A'.repeat(27), 'A'.repeat(29), `${'A'.repeat(27)}=`, `${'A'.repeat(27)}+`, `${'A'.repeat(26)}é`])(
  'what has not the form of an id is none: %j',
  (text) => expect(read(text)).toBeUndefined(),
);

test('a decision that took long, or less than no time, has the most or the least that an id can tell', () => {
  const writer = new IdWriter(epoch);
  writer.next();
  for (const [durationMs, microseconds] of [
    [1e9, 2 ** 24 - 1],
    [-5, 0],
    [Number.NaN, 0],
  ] as const)
    expect(read(written(writer, durationMs))).toMatchObject({ microseconds });
});

test('behind any answer the id is one more field of its metadata, and nothing else changes', () => {
  const check = readCheck(new Uint8Array());
  const [plain, ending] = [createAnswerWriter(), createAnswerWriter(ENDING)];
  const writer = new IdWriter(epoch);
  fc.assert(
    fc.property(anyDecision, (decision) => {
      const bytes = ending(decision, check, reasons);
      writer.next();
      writer.write(bytes, 1);
      const answer = fromBinary(CheckResponseSchema, bytes);
      const { id, ...metadata } = answer.dynamicMetadata ?? {};
      expect(id).toBe(written(writer, 1));
      const without = fromBinary(CheckResponseSchema, plain(decision, check, reasons));
      expect({ ...answer, dynamicMetadata: metadata }).toEqual({
        ...without,
        dynamicMetadata: without.dynamicMetadata ?? {},
      });
    }),
  );
});
