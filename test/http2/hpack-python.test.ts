import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { HeaderField } from '../../src/http2/header-field.ts';
import { HpackDecoder } from '../../src/http2/hpack/decoder.ts';
import { HpackEncoder } from '../../src/http2/hpack/encoder.ts';
import { partOrSkip } from '../real/parts.ts';
import { Random } from './random.ts';

const hpack = await partOrSkip('python-hpack');
const peer = join(import.meta.dirname, 'hpack-peer.py');
const SESSIONS = 80;
/** Said where a test fails. */
const seed = Date.now();
const STEPS_EACH = 30;

type Fields = [name: string, value: string][];
interface EncodeStep {
  readonly size?: number;
  readonly huffman: boolean;
  readonly fields: readonly [name: string, value: string, secret: boolean][];
}
interface DecodeStep {
  readonly size?: number;
  readonly block: string;
}

function askPeer(asked: { encode: readonly EncodeStep[][]; decode: readonly DecodeStep[][] }) {
  const env = { ...process.env, PYTHONPATH: dirname(dirname(hpack ?? '')) };
  const options = { env, input: JSON.stringify(asked), encoding: 'utf8', maxBuffer: 1 << 28 } as const;
  return JSON.parse(execFileSync('python3', [peer], options)) as { encoded: string[][]; decoded: Fields[][] };
}

/** Now and then; 0 and sizes that hold one field or none among them. */
const someSize = (random: Random): { size?: number } =>
  random.integer(4) === 0 ? { size: random.pick([0, 31, 60, random.integer(600), random.integer(4097), 4096]) } : {};

const someField = (random: Random): [string, string] => [
  random.pick(['accept', 'cookie', ':path', 'x-request-id', `x-${random.integer(60)}`]),
  random.pick(['', 'the same', '/', random.text(random.integer(30)), random.text(random.integer(900))]),
];

const list = <T>(length: number, make: () => T): T[] => Array.from({ length }, make);

it.skipIf(hpack === undefined)("our decoder reads what Python's hpack encodes, tables growing and shrinking", () => {
  const random = new Random(seed);
  const encode = list(SESSIONS, () =>
    list(STEPS_EACH, () => ({
      ...someSize(random),
      huffman: random.integer(2) === 0,
      fields: list(random.integer(12), () => {
        const [name, value] = someField(random);
        return [name, value, random.integer(8) === 0] satisfies EncodeStep['fields'][number];
      }),
    })),
  );
  const { encoded } = askPeer({ encode, decode: [] });
  let evicted = 0;
  for (const [session, blocks] of encoded.entries()) {
    const decoder = new HpackDecoder(4096);
    let octets = 0;
    for (const [step, block] of blocks.entries()) {
      const fields: Fields = [];
      const input = Buffer.from(block, 'hex');
      decoder.decode(input, 0, input.length, { field: ({ name, value }) => void fields.push([name, value]) });
      expect(fields, `seed ${seed}`).toEqual(encode[session]?.[step]?.fields.map(([name, value]) => [name, value]));
      octets += fields.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    }
    if (octets > 4096) evicted++;
  }
  // More than a table holds: fields were evicted.
  expect(evicted).toBeGreaterThan(SESSIONS / 2);
});

it.skipIf(hpack === undefined)("Python's hpack reads what our encoder keeps in its table and evicts from it", () => {
  const random = new Random(seed);
  const sent: Fields[][] = [];
  const decode = list(SESSIONS, () => {
    // More than the largest table holds.
    const kept = list(20, () => new HeaderField(...someField(random)));
    const encoder = new HpackEncoder(new Set(kept));
    const lists: Fields[] = [];
    sent.push(lists);
    return list(STEPS_EACH, () => {
      const change = someSize(random);
      if (change.size !== undefined) encoder.setPeerLimit(change.size);
      const fields = list(random.integer(12), () =>
        random.integer(2) === 0 ? random.pick(kept) : new HeaderField(...someField(random)),
      );
      const output = Buffer.alloc(40_000);
      let at = encoder.begin(output, 0);
      for (const field of fields) at = encoder.field(output, at, field);
      lists.push(fields.map(({ name, value }) => [name, value]));
      return { ...change, block: output.subarray(0, at).toString('hex') };
    });
  });
  const { decoded } = askPeer({ encode: [], decode });
  expect(decoded, `seed ${seed}`).toEqual(sent);
});
