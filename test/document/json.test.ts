import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from '../../src/document/text/json.ts';
import { document, faultsOf, snapshotOf } from './documents.ts';

const api = document('Api', 'orders', { basePath: '/orders' });
const other = document('Api', 'stock', { basePath: '/stock' });
const SHELL = { apiVersion: 'v1', kind: 'List', metadata: {} };

describe('a JSON file', () => {
  const forms: Readonly<Record<string, unknown>> = {
    'one document': api,
    'a list of documents': [api, other],
    'a List, as kubectl writes it': { ...SHELL, items: [api, other] },
    'a List whose items come first': { items: [api, other], kind: 'List' },
    'indented text with a byte-order mark': `\ufeff\n${JSON.stringify([api, other], undefined, 2)}\n`,
  };
  it.each(Object.entries(forms))('may hold %s', async (_, content) => {
    const { apis } = await snapshotOf({ 'a.json': content });
    expect(apis.map(({ name }) => name)).toEqual(content === api ? ['orders'] : ['orders', 'stock']);
  });

  const text = JSON.stringify(api);
  const broken: Readonly<Record<string, readonly [source: string, fault: string]>> = {
    'a comma too many': [`[${text},]`, `1:${text.length + 3}: expected a JSON value`],
    'no comma': [`[${text}\n${text}]`, '2:1: expected "," or "]"'],
    'an end too early': [`[${text}`, `1:${text.length + 2}: the file ends too early: something is not closed`],
    'something after the end': [`[${text}]\n]`, '2:1: expected the end of the JSON value'],
    'something after the end of a List': [`{"kind": "List", "items": [${text}]} {`, `1:${text.length + 31}: expected`],
    'a text without its end': ['{"kind": "Api}', '1:10: this text has no closing quote'],
    'a line break in a text': ['{"kind": "A\nb"}', '1:10: this text has a control character, an escape'],
    'a comment': ['// no\n{}', '1:1: expected a JSON value'],
    'a plain word': ['{"kind": Api}', '1:10: expected a JSON value'],
    'a number that JSON does not know': ['{"kind": 01}', '1:10: expected a JSON value'],
    'a name without quotes': ['{kind: 1}', '1:2: expected a name in double quotes'],
    'a missing colon': ['{"kind" 1}', '1:9: expected ":"'],
    'lists too deep': ['['.repeat(500_000), '1:65: nested more than 64 levels deep'],
    'a deep document': [`[${'{"a":'.repeat(100)}1${'}'.repeat(100)}]`, '1:322: nested more than 64 levels deep'],
    'a duplicate key': [
      `[${text.replace('"spec"', '"kind": "Api", "spec"')}]`,
      `1:${text.indexOf('"spec"') + 2}: duplicate key: it is given twice`,
    ],
    'a duplicate key, written in two ways': ['{"a": 1, "\\u0061": 2}', '1:10: duplicate key'],
    'a duplicate __proto__': ['[{"__proto__": 1, "__proto__": 2}]', '1:19: duplicate key'],
    'two lists of items': ['{"kind": "List", "items": [], "items": []}', '1:31: duplicate key'],
    'an unknown field of a List': ['{"kind": "List", "itmes": []}', '1:1: a List has "items"'],
    'items that are none': ['{"kind": "List", "items": 1}', '1:27: expected a list'],
    'a document of more than 1 MiB': [`[{"a": "${'x'.repeat(1024 * 1024)}"}]`, '1:2: a document is at most 1048576'],
    'a scalar': ['true', '1:1: expected a document'],
  };
  it.each(Object.entries(broken))('is a clear fault with %s', async (_, [source, fault]) => {
    const faults = await faultsOf({ 'a.json': source });
    expect(faults[0]).toContain(`a.json:${fault}`);
  });

  it('never echoes what it can not read: it may be a secret', async () => {
    const faults = await faultsOf({ 'a.json': '{"value": hunter2, "x": "hunter2\n"}', 'b.yaml': 'value: "hunter2\n' });
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toContain('hunter2');
  });

  it('reads what JSON.parse reads, document by document', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 4 })), fc.constantFrom(undefined, 1, '\t'), (values, indent) => {
        const source = JSON.stringify(values, undefined, indent);
        const read = [...readJson(source)].map((part) => ('value' in part ? part.value : part.faults));
        expect(read).toEqual(JSON.parse(source));
      }),
    );
  });

  it('takes no text for JSON that JSON.parse refuses', () => {
    const slip = fc.tuple(fc.nat(300), fc.nat(2), fc.constantFrom('', ',', '"', '{', ']', '\\', ' ', '1', '\n', ':'));
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 1 }), slip, (values, [at, cut, put]) => {
        const whole = JSON.stringify(values, undefined, 1);
        const source = whole.slice(0, at) + put + whole.slice(at + cut);
        const faulty = [...readJson(source)].some((part) => 'faults' in part);
        let parsed = true;
        try {
          JSON.parse(source);
        } catch {
          parsed = false;
        }
        // Duplicate keys are faults here alone.
        if (!parsed) expect({ source, faulty }).toEqual({ source, faulty: source.trim() !== '' });
      }),
      { numRuns: 3000 },
    );
  });
});
