import { isIP } from 'node:net';
import type { Check } from '../request/check.ts';
import type { LogFields } from './log.ts';

const MAX_PATH = 512;
/** A segment longer than this is more likely a token than a name; a UUID has 36. */
const MAX_SEGMENT = 64;

/**
 * The fields of a request in a log line. The caller chose all of these values, so each is bounded and has a grammar. A
 * value that does not fit is left out and not cut, since half a token is still half a token.
 */
export function requestFields(check: Check, clientAddress: string): LogFields {
  return {
    method: fitting(check.method, /^[A-Za-z-]{1,32}$/),
    host: fitting(check.host, /^[A-Za-z0-9.:[\]_-]{1,255}$/),
    path: loggablePath(check.path),
    // A JWT does not fit: it is longer.
    request_id: fitting(check.header('x-request-id') ?? '', /^[A-Za-z0-9._:/+=-]{1,64}$/),
    stream_id: fitting(check.streamId, /^[0-9]{1,20}$/),
    client_address: isIP(clientAddress) === 0 ? undefined : clientAddress,
  };
}

/** Without query, fragment and path parameters (`;jsessionid=…`): they carry tokens, encoded or not. */
export function loggablePath(path: string): string {
  const end = path.search(/[?#]|%3f|%23/i);
  const bare = (end < 0 ? path : path.slice(0, end)).replaceAll(/(?:;|%3b)[^/]*/gi, '');
  const named = bare.replaceAll(/[^/]+/g, (segment) => (segment.length > MAX_SEGMENT ? '…' : segment));
  const printable = named.replaceAll(/[^\u0021-\u007e…]/g, '\u{fffd}');
  return printable.length > MAX_PATH ? `${printable.slice(0, MAX_PATH)}…` : printable;
}

function fitting(value: string, grammar: RegExp): string | undefined {
  return grammar.test(value) ? value : undefined;
}
