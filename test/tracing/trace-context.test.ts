import { describe, expect, test } from 'vitest';
import { incomingTrace } from '../../src/tracing/trace-context.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';

function read(fields: Readonly<Record<string, string>>) {
  return incomingTrace((name) => fields[name]);
}

describe('W3C Trace Context', () => {
  test('names the parent, says whether it is sampled, and carries state', () => {
    expect(read({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`, tracestate: 'a=b,c=d' })).toEqual({
      parent: { traceId: TRACE_ID, spanId: SPAN_ID, state: 'a=b,c=d' },
      isSampled: true,
    });
    expect(read({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-02` })).toMatchObject({ isSampled: false });
  });

  test('of a later version is read as far as it is known', () => {
    expect(read({ traceparent: `cc-${TRACE_ID}-${SPAN_ID}-01-what-comes` })).toMatchObject({ isSampled: true });
  });

  test.each([
    '',
    `00-${TRACE_ID}-${SPAN_ID}`,
    `00-${TRACE_ID}-${SPAN_ID}-01-more`,
    `ff-${TRACE_ID}-${SPAN_ID}-01`,
    `00-${'0'.repeat(32)}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${SPAN_ID}-01,00-${TRACE_ID}-${SPAN_ID}-01`,
  ])('that is malformed begins a new trace: %s', (traceparent) => {
    expect(read({ traceparent })).toBeUndefined();
  });

  test('goes before B3', () => {
    const b3 = `${'a'.repeat(32)}-${'b'.repeat(16)}-0`;
    expect(read({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`, b3 })).toMatchObject({ parent: { traceId: TRACE_ID } });
    expect(read({ traceparent: 'malformed', b3 })).toMatchObject({ parent: { traceId: 'a'.repeat(32) } });
  });

  test('has no state that is longer than is to be kept, or not printable', () => {
    const traceparent = `00-${TRACE_ID}-${SPAN_ID}-01`;
    for (const tracestate of ['a='.padEnd(513, 'b'), 'a=\u00fc', 'a=b\nc']) {
      expect(read({ traceparent, tracestate })).toMatchObject({ parent: { state: '' } });
    }
  });
});

describe('B3', () => {
  test.each([
    ['1', true],
    ['d', true],
    ['0', false],
  ])('in one header: decision %s', (decision, isSampled) => {
    const parent = { traceId: TRACE_ID, spanId: SPAN_ID, state: '' };
    expect(read({ b3: `${TRACE_ID}-${SPAN_ID}-${decision}` })).toEqual({ parent, isSampled });
    expect(read({ b3: `${TRACE_ID}-${SPAN_ID}-${decision}-${'c'.repeat(16)}` })).toEqual({ parent, isSampled });
  });

  test('leaves the decision open, or has nothing but it', () => {
    expect(read({ b3: `${TRACE_ID}-${SPAN_ID}` })).toMatchObject({ isSampled: undefined });
    expect(read({ b3: '0' })).toEqual({ parent: undefined, isSampled: false });
    expect(read({ 'x-b3-sampled': '0' })).toEqual({ parent: undefined, isSampled: false });
  });

  test('in several headers, with a trace id of 64 bits and letters of any case', () => {
    const headers = { 'x-b3-traceid': '463AC35C9F6413AD', 'x-b3-spanid': 'A2FB4A1D1A96D312' };
    const parent = { traceId: '0000000000000000463ac35c9f6413ad', spanId: 'a2fb4a1d1a96d312', state: '' };
    expect(read({ ...headers, 'x-b3-sampled': '1' })).toEqual({ parent, isSampled: true });
    expect(read({ ...headers, 'x-b3-sampled': 'false' })).toEqual({ parent, isSampled: false });
    expect(read({ ...headers, 'x-b3-sampled': '0', 'x-b3-flags': '1' })).toEqual({ parent, isSampled: true });
    expect(read(headers)).toEqual({ parent, isSampled: undefined });
  });

  test.each([
    [{ b3: 'x' }],
    [{ b3: `${TRACE_ID}-${SPAN_ID}-2` }],
    [{ 'x-b3-traceid': TRACE_ID }],
    [{ 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': 'short', 'x-b3-sampled': '1' }],
  ])('that is malformed begins a new trace: %o', (fields) => {
    expect(read(fields)).toBeUndefined();
  });
});
