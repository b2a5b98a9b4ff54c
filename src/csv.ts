/**
 * Lines of comma-separated values (RFC 4180): a header, records, CRLF at each end.
 *
 * A program for tables takes what begins with one of `= + - @` for a formula, and names come from callers: before such a
 * text stands an apostrophe. Numbers are left as they are.
 */
export function csv(
  header: readonly string[],
  records: readonly (readonly (string | number | null | undefined)[])[],
): string {
  return [header, ...records].map((record) => `${record.map(field).join(',')}\r\n`).join('');
}

function field(value: string | number | null | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  // Some programs look behind spaces, and some take the wide forms of these signs for them.
  const text = /^[\s\u00a0]*[=+\-@\uff0b\uff0d\uff1d\uff20]|^[\t\r\n]/u.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
