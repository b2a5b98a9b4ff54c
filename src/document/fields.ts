import { z } from 'zod';

/** Letters and digits, with `.`, `_` and `-` between them: safe in a header, a log line, a metric label and a path. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

const MOST_OF_NAME = 253;

/** As {@link name} has it. */
export function isName(text: string): boolean {
  return text.length <= MOST_OF_NAME && NAME.test(text);
}

/** `metadata.name`, and names of tiers and limits. */
export const name = z
  .string()
  .max(MOST_OF_NAME)
  .regex(NAME, 'expected a name: letters and digits, with ".", "_" or "-" between them');

/** Visible ASCII: it goes into a header for the upstream. */
export const clientId = z
  .string()
  .max(256)
  .regex(/^[\x21-\x7e]+$/, 'expected a client id: visible ASCII characters without spaces');

const LABEL = '[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?';
const HOST = new RegExp(`^(?:\\*|(?:(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*\\.?|\\[[0-9a-f:.]+\\])(?::\\d{1,5})?)$`, 'i');

/** A host name, `*.` and a host name, an IP address (IPv6 in brackets), each with a port or without; or `*` for any. */
export const host = z
  .string()
  .max(261)
  .superRefine((value, context) => {
    const port = /:(\d*)$/.exec(value)?.[1];
    if (HOST.test(value) && Number(port ?? 0) <= 65_535) return;
    const problem =
      port !== undefined && !value.startsWith('[')
        ? 'expected a port from 0 to 65535 after the colon'
        : value.includes('/')
          ? 'expected a host alone, without scheme and path'
          : 'expected a host name such as "orders.example.com", or "*." and a host name for all below it';
    context.addIssue({ code: 'custom', message: problem });
  });

/** A base path as the normalised path of a request would show it; a slash at its end does not count. */
export const basePath = z
  .string()
  .max(2048)
  .superRefine((value, context) => {
    const problem = basePathProblem(value);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

function basePathProblem(value: string): string | undefined {
  if (!value.startsWith('/')) return `expected a path that starts with "/"${value === '' ? ': "/" is every path' : ''}`;
  if (value.includes('%')) return 'expected a decoded path: write the character itself instead of its % code';
  if (/[?#]/.test(value)) return 'expected a path alone, without query and fragment';
  if (value.includes('*')) return 'expected a literal path, without "*": everything below it belongs to it anyhow';
  // oxlint-disable-next-line no-control-regex
  if (/[\\;\u0000-\u001f\u007f-\u009f\ufffd]/.test(value)) {
    return 'no request has such a path: "\\", ";" and control characters never reach the comparison';
  }
  if (/\/(?:\/|\.\.?(?:\/|$))/.test(value)) {
    return 'expected a resolved path: without "//", "/./" and "/../", which no request has when it is compared';
  }
  return undefined;
}

/** `/` or `/a/b`, without the slash at the end. */
export function normalizeBasePath(value: string): string {
  return value.length > 1 && value.endsWith('/') ? value.slice(0, -1) : value;
}

const labelKey = z
  .string()
  .max(317)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/, 'expected a label such as "team" or "example.com/team"');

/** As Kubernetes writes label keys, with an optional prefix: `example.com/team`. */
export const labels = z.record(labelKey, z.string().max(253));

/** As labels are named; what they hold may be long. */
export const annotations = z.record(labelKey, z.string().max(65_536));

/** Adds an issue at each item whose value of `key` an earlier one has. */
export function unique<Item extends object>(
  list: readonly Item[],
  key: keyof Item & string,
  message: string,
  context: z.core.$RefinementCtx,
): void {
  const seen = new Set<unknown>();
  list.forEach((item, index) => {
    const value = item[key];
    if (value !== undefined && seen.has(value)) context.addIssue({ code: 'custom', path: [index, key], message });
    seen.add(value);
  });
}

/** A moment (RFC 3339), such as 2027-01-31T00:00:00Z. */
export function moment(meaning: string) {
  return z.iso
    .datetime({ offset: true, error: 'expected a time such as 2027-01-31T00:00:00Z' })
    .optional()
    .describe(meaning);
}
