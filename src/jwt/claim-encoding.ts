/** How the value of a claim is written into a header: as it is, or encoded so that any text survives. */
export const CLAIM_ENCODINGS = ['text', 'percent', 'base64url', 'json'] as const;

export type ClaimEncoding = (typeof CLAIM_ENCODINGS)[number];

const DEEPEST = 32;
const INEXACT = 'holds a number that has lost digits';

/** @returns the value of the header; undefined if the claim is null or empty */
export function encodedClaim(
  value: unknown,
  encoding: ClaimEncoding,
): { readonly text: string } | { readonly fault: string } | undefined {
  if (value === undefined || value === null) return undefined;
  if (encoding === 'json') return jsonOf(value);
  const texts = (Array.isArray(value) ? value : [value]).map(textOf);
  if (!texts.every((text) => text !== undefined)) {
    if ([value].flat().some((part) => typeof part === 'number' && !isExact(part))) return { fault: INEXACT };
    return { fault: 'is not a text, number or boolean, or a list of them (encoding: json carries it)' };
  }
  const elements = encoding === 'text' ? texts : texts.map((text) => encodedText(text, encoding));
  if (!elements.every((element) => element !== undefined)) return { fault: 'is no Unicode text' };
  // With these encodings, no element contains a comma.
  if (Array.isArray(value) && elements.some((element) => element === '' || element.includes(','))) {
    return { fault: 'is a list with an empty element or a comma in one' };
  }
  const text = elements.join(',');
  if (text === '') return undefined;
  return isFieldValue(text) ? { text } : { fault: 'has a control character or white space at its start or end' };
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  // A larger integer has lost digits in parsing, and could name another user.
  return typeof value === 'number' && isExact(value) ? String(value) : undefined;
}

function encodedText(text: string, encoding: 'percent' | 'base64url'): string | undefined {
  if (!text.isWellFormed()) return undefined;
  return encoding === 'percent' ? encodeURIComponent(text) : Buffer.from(text, 'utf8').toString('base64url');
}

/** Writes JSON in ASCII: other characters are escaped, as JSON allows. */
function jsonOf(value: unknown): { readonly text: string } | { readonly fault: string } {
  const fault = faultOfJson(value, 0);
  if (fault !== undefined) return { fault };
  const text = JSON.stringify(value).replaceAll(
    /[\u007F-\uFFFF]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return { text };
}

function faultOfJson(value: unknown, depth: number): string | undefined {
  if (typeof value === 'number') return isExact(value) ? undefined : INEXACT;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= DEEPEST) return `is nested deeper than ${DEEPEST}`;
  for (const part of Object.values(value)) {
    const fault = faultOfJson(part, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isExact(value: number): boolean {
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

/**
 * Whether the text can be the value of a header (RFC 9110, 5.5). C1 controls and Unicode's line separators are
 * refused too.
 */
function isFieldValue(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  return text.isWellFormed() && text === text.trim() && !/[\u0000-\u001F\u007F-\u009F\u2028\u2029]/.test(text);
}
