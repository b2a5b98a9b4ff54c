import { HeaderField } from '../header-field.ts';
import type { RequestHead } from '../request-head.ts';

export type HeaderValues = Readonly<Record<string, number | string | readonly string[] | undefined>>;

/**
 * The fields of a request by name. Those of one name are joined as RFC 9110, 5.3 says, and cookies as RFC 9113, 8.2.3
 * does. `:authority` is `host`, as handlers of HTTP/1.1 know it (RFC 9113, 8.3.1).
 */
export function headersOf({ authority, fields }: RequestHead): Readonly<Record<string, string>> {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const { name, value } of fields) {
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  if (authority !== '') headers['host'] = authority;
  return headers;
}

/** Fields that belong to a connection of HTTP/1.1 alone (RFC 9113, 8.2.2). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

export function* responseFields(headers: HeaderValues): Generator<HeaderField> {
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase();
    if (value === undefined || CONNECTION_FIELDS.has(name)) continue;
    for (const each of typeof value === 'object' ? value : [String(value)]) yield new HeaderField(name, each);
  }
}
