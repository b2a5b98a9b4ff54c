import type { TraceField } from '../grpc/rpc.ts';

/** The trace that a request already belongs to. */
export interface IncomingTrace {
  /** Undefined: the sender has only said whether to sample. */
  readonly parent: ParentSpan | undefined;
  /** The sender's decision; undefined: it leaves the decision to us. */
  readonly isSampled: boolean | undefined;
}

export interface ParentSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** `tracestate`, unchanged; empty if there is none. */
  readonly state: string;
}

/** Returns the value of a field. If it was sent several times: all values, or the first. */
export type TraceFields = (name: TraceField) => string | undefined;

/** W3C Trace Context, 3.2: version, trace id, parent id and flags. A later version may add more. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** B3 in one header: a trace id of 64 or 128 bits, a span id, the sampling decision, and the parent's parent. */
const B3 = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d])(?:-[0-9a-f]{16})?)?$/i;
const TRACE_ID = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/i;
const SPAN_ID = /^[0-9a-f]{16}$/i;
/** Values of `x-b3-sampled`; old senders write words. */
const SAMPLED = new Map([
  ['1', true],
  ['true', true],
  ['0', false],
  ['false', false],
]);
const ZEROS = /^0+$/;
/** W3C Trace Context, 3.3.1: printable characters; at least 512 of them must be kept. */
const TRACESTATE = /^[ -~]{1,512}$/;

/**
 * Finds the trace that these fields continue: W3C Trace Context first, then B3 in one header, then B3 in several.
 * @returns undefined if there is none, or it is malformed: a new trace begins
 */
export function incomingTrace(fields: TraceFields): IncomingTrace | undefined {
  return ofTraceparent(fields) ?? ofB3(fields('b3')) ?? ofB3Headers(fields);
}

function ofTraceparent(fields: TraceFields): IncomingTrace | undefined {
  const text = fields('traceparent');
  const [, version = 'ff', traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(text ?? '') ?? [];
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  const state = fields('tracestate') ?? '';
  const parent = parentOf(traceId, spanId, TRACESTATE.test(state) ? state : '');
  return parent && { parent, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

function ofB3(text: string | undefined): IncomingTrace | undefined {
  if (text === undefined) return undefined;
  if (text === '0') return { parent: undefined, isSampled: false };
  const [, traceId = '', spanId = '', decision] = B3.exec(text) ?? [];
  const parent = parentOf(traceId, spanId);
  return parent && { parent, isSampled: decision === undefined ? undefined : decision !== '0' };
}

function ofB3Headers(fields: TraceFields): IncomingTrace | undefined {
  const [traceId, spanId] = [fields('x-b3-traceid') ?? '', fields('x-b3-spanid') ?? ''];
  const isSampled = fields('x-b3-flags') === '1' ? true : SAMPLED.get(fields('x-b3-sampled') ?? '');
  const parent = TRACE_ID.test(traceId) && SPAN_ID.test(spanId) ? parentOf(traceId, spanId) : undefined;
  if (parent === undefined && isSampled !== false) return undefined;
  return { parent, isSampled };
}

/** An id with zeros only is not valid. */
function parentOf(traceId: string, spanId: string, state = ''): ParentSpan | undefined {
  if (traceId === '' || ZEROS.test(traceId) || ZEROS.test(spanId)) return undefined;
  return { traceId: traceId.toLowerCase().padStart(32, '0'), spanId: spanId.toLowerCase(), state };
}
