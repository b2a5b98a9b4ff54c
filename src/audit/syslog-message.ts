import type { ChangeLine, EventLine } from './line.ts';
import type { SignedHead } from './head.ts';

// Syslog: RFC 5424. Each message has the line of an export as its text.

/** What a process is in syslog. */
export interface SyslogOrigin {
  readonly host: string;
  readonly processId: number;
}

/** Log audit (13), as RFC 5424 (6.2.1) numbers it. */
const FACILITY = 13;
const WARNING = 4;
const NOTICE = 5;
const INFORMATIONAL = 6;
const APP = 'ostiary';

/** @param line a change, an event, or a signed head */
export function syslogMessage(
  line: ChangeLine | EventLine | (SignedHead & { readonly type: 'head' }),
  { host, processId }: SyslogOrigin,
): string {
  const isHead = line.type === 'head';
  const severity = isHead ? NOTICE : line.outcome === 'done' || line.outcome === 'begun' ? INFORMATIONAL : WARNING;
  const id = isHead ? 'audit.head' : line.action;
  const origin = [nameOf(host, 255), APP, String(processId), nameOf(id, 32)].join(' ');
  // The mark before the text says that it is UTF-8 (6.4).
  return `<${FACILITY * 8 + severity}>1 ${line.at} ${origin} - \ufeff${JSON.stringify(line)}`;
}

/** A message with its length in octets before it (RFC 5425, 4.3; RFC 6587, 3.4.1). */
export function framed(message: string): Buffer {
  const bytes = Buffer.from(message);
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
}

/** Printable ASCII (6); nothing is written as a dash. */
function nameOf(text: string, most: number): string {
  return text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, most) || '-';
}
