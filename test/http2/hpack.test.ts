import { connect } from 'node:http2';
import { duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../src/http2/error-code.ts';
import { Flag, FrameType } from '../../src/http2/frame.ts';
import { HeaderField } from '../../src/http2/header-field.ts';
import { HpackDecoder } from '../../src/http2/hpack/decoder.ts';
import { HpackEncoder } from '../../src/http2/hpack/encoder.ts';
import { decodeHuffman } from '../../src/http2/hpack/huffman-decoder.ts';
import { encodeHuffman, huffmanLength } from '../../src/http2/hpack/huffman-encoder.ts';
import { decodeByNghttp2 } from './hpack-peer.ts';
import { Random } from './random.ts';

type Fields = [name: string, value: string][];
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

function decode(decoder: HpackDecoder, block: Buffer): Fields {
  const fields: Fields = [];
  decoder.decode(block, 0, block.length, { field: ({ name, value }) => fields.push([name, value]) });
  return fields;
}

function randomHeaders(random: Random): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let count = random.integer(8); count > 0; count--) {
    const name = random.pick(['user-agent', 'cookie', 'x-request-id', 'accept', `x-${random.integer(40)}`]);
    const length = random.pick([0, 1, 8, 40, random.integer(600)]);
    headers[name] = random.pick(['always the same', random.text(length), '12345678']);
  }
  return headers;
}

describe('Huffman code', () => {
  it('of every octet and of random strings comes back as it was', () => {
    const random = new Random(7541);
    const output = Buffer.alloc(4096);
    const decoded = Buffer.alloc(4096);
    const samples = [
      ...Array.from({ length: 256 }, (_, octet) => Buffer.from([octet])),
      ...Array.from({ length: 500 }, () => random.bytes(random.integer(100))),
    ];
    for (const sample of samples) {
      const text = sample.toString('latin1');
      const end = encodeHuffman(text, output, 3);
      expect(end - 3).toBe(huffmanLength(text));
      expect(decoded.subarray(0, decodeHuffman(output, 3, end, decoded))).toEqual(sample);
    }
  });

  it.each([
    ['EOS within', 'ffffffff'],
    ['padding of eight bits', '1fff'],
    ['padding that is not ones', '18'],
  ])('with %s is refused (RFC 7541, 5.2)', (_, octets) => {
    const input = hex(octets);
    expect(decodeHuffman(input, 0, input.length, Buffer.alloc(64))).toBe(-1);
  });
});

describe('the decoder', () => {
  it('reads the examples of RFC 7541, C.4 and C.6, table and all', () => {
    const requests = new HpackDecoder(4096);
    decode(requests, hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff'));
    decode(requests, hex('8286 84be 5886 a8eb 1064 9cbf'));
    expect(decode(requests, hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf'))).toEqual([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/index.html'],
      [':authority', 'www.example.com'],
      ['custom-key', 'custom-value'],
    ]);
    const responses = new HpackDecoder(256);
    decode(
      responses,
      hex(
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      ),
    );
    expect(decode(responses, hex('4883 640e ffc1 c0bf')).map(([, value]) => value)).toEqual([
      '307',
      'private',
      'Mon, 21 Oct 2013 20:13:21 GMT',
      'https://www.example.com',
    ]);
  });

  it.each([
    ['index 0', '80'],
    ['an index beyond the table', 'be'],
    ['a literal whose name is beyond the table', '7f0001 61'],
    ['a string longer than its block', '000161 0562'],
    ['a block that ends within a field', '0001'],
    ['an integer without end', 'ffffffffffffffffffff'],
    ['a table size above ours', '3fe2 1f'],
    ['a table size update behind a field', '82 20'],
    ['bad Huffman code', '0081ff 0161'],
  ])('refuses %s with COMPRESSION_ERROR', (_, octets) => {
    expect(() => decode(new HpackDecoder(4096), hex(octets))).toThrow(ConnectionError);
  });

  it('decodes what nghttp2 encodes, request after request on one connection', async () => {
    const random = new Random(9113);
    const [ours, theirs] = duplexPair();
    const client = connect('http://localhost', { createConnection: () => theirs });
    const wire: Buffer[] = [];
    ours.on('data', (chunk: Buffer) => wire.push(chunk));
    const sent = Array.from({ length: 100 }, (_, index) => ({ ':path': `/${index % 3}`, ...randomHeaders(random) }));
    for (const headers of sent) client.request(headers).on('error', () => {});
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    client.destroy();
    const decoder = new HpackDecoder(4096);
    const seen = headerBlocks(Buffer.concat(wire).subarray(24)).map((block) =>
      Object.fromEntries(decode(decoder, block)),
    );
    expect(seen).toHaveLength(sent.length);
    seen.forEach((headers, index) => expect(headers).toMatchObject(sent[index]!));
  });

  it(
    'agrees with nghttp2 on mutated blocks: what they mean, or that they are errors',
    { timeout: 60_000 },
    async () => {
      const random = new Random(Date.now());
      const tally = { decoded: 0, refused: 0 };
      for (let round = 0; round < 300; round++) {
        const encoder = new HpackEncoder(new Set());
        const first = encode(encoder, { ':method': 'GET', ':scheme': 'http', ':path': '/', ...randomHeaders(random) });
        const second = random.mutate(
          Buffer.concat([hex('828684'), random.pick([hex('4003 6162 6303 6465 66be'), first, hex('3fe11f be')])]),
        );
        const { requests, verdict } = await decodeByNghttp2([first, second]);
        const decoder = new HpackDecoder(4096);
        decode(decoder, first);
        let ours: Fields | undefined;
        try {
          ours = decode(decoder, second);
        } catch (error) {
          expect(error).toBeInstanceOf(ConnectionError);
        }
        expect(ours === undefined, second.toString('hex')).toBe(verdict === 'compression error');
        tally[ours === undefined ? 'refused' : 'decoded']++;
        for (const [name, value] of ours ?? []) {
          const isOnce = ours?.filter(([other]) => other === name).length === 1;
          if (isOnce && requests[1]?.[name] !== undefined) expect([value]).toEqual([requests[1][name]].flat());
        }
      }
      expect(tally.decoded).toBeGreaterThan(20);
      expect(tally.refused).toBeGreaterThan(20);
    },
  );
});

describe('the encoder', () => {
  it('is understood by nghttp2, with kept fields and without', async () => {
    const random = new Random(62);
    const kept = [new HeaderField('content-type', 'application/grpc'), new HeaderField('x-kept', random.text(300))];
    const encoder = new HpackEncoder(new Set(kept));
    const sent = Array.from({ length: 100 }, () => ({
      ':method': 'POST',
      ':scheme': 'http',
      ':path': '/x',
      ...randomHeaders(random),
    }));
    const blocks = sent.map((fields) => encode(encoder, fields, kept));
    const { requests, verdict } = await decodeByNghttp2(blocks);
    expect(verdict).toBe('decoded');
    requests.forEach((headers, index) => {
      expect(headers).toMatchObject({ ...sent[index], 'content-type': kept[0]!.value, 'x-kept': kept[1]!.value });
    });
    expect(blocks[99]!.length).toBeLessThan(encode(new HpackEncoder(new Set()), sent[99]!, kept).length - 250);
  });

  it('says so when the peer makes its table smaller or larger, and keeps to it', () => {
    const kept = new HeaderField('content-type', 'application/grpc');
    const encoder = new HpackEncoder(new Set([kept]));
    const decoder = new HpackDecoder(4096);
    for (const limits of [[], [0], [50], [4096], [0, 100, 4096], [1_000_000]]) {
      for (const limit of limits) encoder.setPeerLimit(limit);
      expect(decode(decoder, encode(encoder, {}, [kept]))).toEqual([['content-type', 'application/grpc']]);
      const again = encode(encoder, {}, [kept]);
      expect(decode(decoder, again)).toEqual([['content-type', 'application/grpc']]);
      expect(encoder.indexOf(kept) > 0).toBe(again.length === 1);
    }
  });
});

function encode(encoder: HpackEncoder, fields: Record<string, string>, kept: readonly HeaderField[] = []): Buffer {
  const output = Buffer.alloc(20_000);
  let at = encoder.begin(output, 0);
  for (const [name, value] of Object.entries(fields)) at = encoder.field(output, at, new HeaderField(name, value));
  for (const field of kept) at = encoder.field(output, at, field);
  return output.subarray(0, at);
}

function headerBlocks(octets: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; octets.length - at >= 9; at += 9 + octets.readUIntBE(at, 3)) {
    if (octets[at + 3] !== FrameType.headers) continue;
    const priorityBytes = (octets[at + 4]! & Flag.priority) === 0 ? 0 : 5;
    blocks.push(octets.subarray(at + 9 + priorityBytes, at + 9 + octets.readUIntBE(at, 3)));
  }
  return blocks;
}
