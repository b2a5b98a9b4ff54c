import { createHash } from 'node:crypto';
import { BRAND, STYLE } from './style.ts';

/** An answer to a browser. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

export interface PageOptions {
  readonly status?: number;
  readonly cookies?: readonly string[];
  /** Where a form of the page may lead beside the control plane itself: an origin. */
  readonly formTarget?: string;
  readonly retryAfterSeconds?: number;
}

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** With `no-referrer`, browsers would send no `Origin` with a form. */
const COMMON = {
  'cache-control': 'no-store',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
} as const;

/** A page of the control plane. Nothing in it runs, nobody frames it, and nothing of it is kept. */
export function page(title: string, body: string, options: PageOptions = {}): PageAnswer {
  const { cookies = [], formTarget, retryAfterSeconds, status = 200 } = options;
  const forms = formTarget === undefined ? "'self'" : `'self' ${formTarget}`;
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action ${forms}; base-uri 'none'; frame-ancestors 'none'`,
      'x-frame-options': 'DENY',
      ...COMMON,
      ...(cookies.length > 0 && { 'set-cookie': cookies }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    },
    body:
      '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">' +
      `<title>${escaped(title)} – ostiary</title><style>${STYLE}</style></head>` +
      `<body><main>${BRAND}<h1>${escaped(title)}</h1>${body}</main></body></html>\n`,
  };
}

/** Sends the browser elsewhere, by GET. */
export function redirect(location: string, cookies: readonly string[] = []): PageAnswer {
  return {
    status: 303,
    headers: { location, ...COMMON, ...(cookies.length > 0 && { 'set-cookie': cookies }) },
    body: '',
  };
}

export function fault(text: string): string {
  return `<p class="fault" role="alert">${escaped(text)}</p>`;
}

/** For text and for attributes in double quotes. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
