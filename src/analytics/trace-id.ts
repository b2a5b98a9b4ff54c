import { Span } from './entry.ts';
import type { Entry } from './entry.ts';

/** `version-trace-parent-flags` (https://www.w3.org/TR/trace-context/#traceparent-header). */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
/** `trace-span`, and more (https://github.com/openzipkin/b3-propagation). */
const B3 = /^([0-9a-f]{16}|[0-9a-f]{32})-[0-9a-f]{16}(?:-|$)/;
const B3_TRACE = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/;
const NO_TRACE = /^0*$/;

/** Returns 32 hexadecimal digits from `traceparent`, or from B3 in one header or several; empty: there is no trace. */
export function traceIdOf(entry: Entry): string {
  // Of most requests there is none.
  if (!entry.has(Span.traceparent) && !entry.has(Span.b3) && !entry.has(Span.b3TraceId)) return '';
  const id =
    TRACEPARENT.exec(entry.text(Span.traceparent))?.[1] ??
    B3.exec(entry.text(Span.b3).toLowerCase())?.[1] ??
    B3_TRACE.exec(entry.text(Span.b3TraceId).toLowerCase())?.[0] ??
    '';
  return NO_TRACE.test(id) ? '' : id.padStart(32, '0');
}
