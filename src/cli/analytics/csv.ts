/**
 * Lines of comma-separated values (RFC 4180): a header, records, CRLF at each end.
 *
 * A program for tables takes what begins with one of `= + - @` for a formula, and names come from callers: before such a
 * text stands an apostrophe. Numbers are left as they are.
 */
export function csv(header: readonly string[], records: readonly (readonly (string | number | undefined)[])[]): string {
  return [header, ...records].map((record) => `${record.map(field).join(',')}\r\n`).join('');
}

function field(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[\s]*[=+\-@]|^[\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
