import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanJson } from '../../src/policies/json-scan.ts';

const none = {
  containerDepth: 10_000,
  stringValueLength: Infinity,
  objectEntryNameLength: Infinity,
  objectEntryCount: Infinity,
  arrayElementCount: Infinity,
};

function scan(text: string | Uint8Array, limits: Partial<typeof none> = {}) {
  return scanJson(Buffer.from(text as string), { ...none, ...limits })?.kind ?? 'fine';
}

/** What JavaScript says of the same bytes, and whether an object has a name twice. */
function judged(bytes: Buffer): 'fine' | 'malformed' {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return 'fine';
  } catch {
    return 'malformed';
  }
}

describe('scanJson', () => {
  it('takes whatever JSON.stringify writes, spaced or not', () => {
    const property = fc.property(
      fc.json({ maxDepth: 6 }),
      fc.constantFrom(undefined, 1, '\t', '\r\n '),
      (text, space) => {
        const value: unknown = JSON.parse(text);
        expect(scan(JSON.stringify(value, null, space))).toBe('fine');
        expect(scan(` ${JSON.stringify(value)}\n`)).toBe('fine');
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('refuses whatever JSON.parse refuses, and no more but names that an object has twice', () => {
    // Pieces that make and break JSON, so that most texts are close to one.
    const plain = `{ } [ ] , : " "a" "b" "\\u0061" "\\u00 \\ "\\x" 0 - -0 01 1. .5 1e 1e+ 1E-2 0x1 true tru null nul NaN Infinity 'a' // /**/ "é" +1 "\\ud800" "\\u00e9"`;
    const odd = ['"\u0000"', '"\t"', ' ', '\n', '\u00a0', '\ufeff', '\v', '\f', '\u2028', '"\ud83d\ude00"'];
    const piece = fc.constantFrom(...plain.split(' '), ...odd);
    const text = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.tuple(fc.json({ maxDepth: 4 }), fc.nat(), piece).map(([json, at, put]) => {
        const place = at % (json.length + 1);
        return json.slice(0, place) + put + json.slice(place + (at % 3));
      }),
    );
    let fine = 0;
    const property = fc.property(text, (written) => {
      const found = scanJson(Buffer.from(written), none);
      if (judged(Buffer.from(written)) === 'malformed') expect(found?.kind).toBe('malformed');
      else if (found === undefined) fine += 1;
      else expect(found.problem).toBe('an object has a name twice');
    });
    fc.assert(property, { numRuns: 20_000 });
    expect(fine).toBeGreaterThan(1000);
  });

  it('finds every name that an object has twice, however many it has and however they are written', () => {
    const names = Array.from({ length: 60 }, (_, i) => [
      `"${i}"`,
      `"\\u003${i % 10}"`,
      `"é${i}"`,
      `"\\u00e9${i}"`,
    ]).flat();
    const property = fc.property(fc.subarray(names, { maxLength: 25 }), (written) => {
      const read = written.map((name) => JSON.parse(name) as string);
      const outcome = new Set(read).size === read.length ? 'fine' : 'malformed';
      expect(scan(`{${written.map((name) => `${name}:0`).join()}}`)).toBe(outcome);
    });
    fc.assert(property, { numRuns: 3000 });
  });

  it('refuses whatever is no UTF-8, wherever it lies', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 5 }), fc.boolean(), (inside, isName) => {
      const [before, after] = isName ? ['{"', '":1}'] : ['["', '"]'];
      const bytes = Buffer.concat([Buffer.from(before), inside, Buffer.from(after)]);
      expect(scan(bytes)).toBe(judged(bytes));
    });
    fc.assert(property, { numRuns: 20_000 });
  });

  it('refuses whatever is cut off, at every byte', () => {
    const whole = Buffer.from('{"a":[1.5e3,{"b":"\\u00e9é"},true,null,-0],"c":{}}');
    expect(scan(whole)).toBe('fine');
    for (let end = 0; end < whole.length; end++) expect(scan(whole.subarray(0, end))).toBe('malformed');
  });

  it.each([
    ['a name twice', '{"a":1,"a":2}'],
    ['a name twice, once with an escape', '{"a":1,"\\u0061":2}'],
    ['a name twice in other escapes', '{"/":1,"\\/":2}'],
    ['a name twice beyond ASCII', '{"é":1,"\\u00e9":2}'],
    ['a name twice with a pair of surrogates', '{"😀":1,"\\ud83d\\ude00":2}'],
    ['names that are indexes twice', '{"1":1,"\\u0031":2}'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}'],
    ['the empty name twice', '{"":1,"":2}'],
    ['a byte order mark', '\ufeff{}'],
    ['nothing', ''],
    ['white space alone', ' \n'],
    ['two values', '{}{}'],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
    ['a NUL behind it', '{}\0'],
    ['a comment', '{/**/}'],
    ['a comma at the end', '[1,]'],
  ])('refuses %s', (_, text) => {
    expect(scan(text)).toBe('malformed');
  });

  it('takes the same name in different objects', () => {
    expect(scan('{"a":{"a":[{"a":1},{"a":2}]},"b":{"a":1}}')).toBe('fine');
  });
});

describe('limits', () => {
  it.each([
    ['containerDepth', 2, '[{}]', '[[[]]]'],
    ['containerDepth', 0, '1', '[]'],
    ['stringValueLength', 3, '["abc","\\u00e9é😀"]'.replace('é😀', 'é'), '["abcd"]'],
    ['stringValueLength', 2, '["😀"]', '["\\ud83d\\ude00a"]'],
    ['objectEntryNameLength', 1, '{"a":"long"}', '{"ab":1}'],
    ['objectEntryCount', 2, '{"a":1,"b":{"c":1,"d":2}}', '{"a":1,"b":{"c":1,"d":2,"e":3}}'],
    ['arrayElementCount', 2, '[[1,2],[3,4]]', '[[1,2],[3,4,5]]'],
    ['arrayElementCount', 0, '[]', '[1]'],
  ])('%s %i lets %s through, not %s', (limit, most, within, beyond) => {
    expect(scan(within, { [limit]: most })).toBe('fine');
    expect(scan(beyond, { [limit]: most })).toBe('limit');
  });
});

describe('hostile bodies', () => {
  it.each(['[', '{"a":', '[{"a":'])('end at the depth that is allowed: %s repeated', (open) => {
    expect(scan(open.repeat(10_001))).toBe('limit');
    expect(scan(open.repeat(1_000_000))).toBe('limit');
  });

  it('10,000 deep are read where that is allowed', () => {
    expect(scan('['.repeat(10_000) + ']'.repeat(10_000))).toBe('fine');
    expect(scan(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`)).toBe('fine');
  });

  it('of a megabyte in one name, in one text, or in 100,000 names are read', () => {
    const long = 'k'.repeat(1 << 20);
    expect(scan(`{"${long}":1,"${long}b":2}`)).toBe('fine');
    expect(scan(`{"${long}":1,"${long}":2}`)).toBe('malformed');
    expect(scan(`["${long}"]`, { stringValueLength: 1000 })).toBe('limit');
    const names = Array.from({ length: 100_000 }, (_, i) => `"${i}":0`);
    expect(scan(`{${names.join()}}`)).toBe('fine');
    expect(scan(`{${names.join()},"5":1}`)).toBe('malformed');
    expect(scan(`[${'{},'.repeat(300_000)}{}]`)).toBe('fine');
  });
});
