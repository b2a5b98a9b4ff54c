import { createHash } from 'node:crypto';

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

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:12vh auto;padding:0 1rem;color:#1c2330}' +
  'h1{font-size:1.4rem}label,input,button,a.button{display:block;width:100%;box-sizing:border-box}' +
  'input{font:inherit;padding:.5rem;margin:.2rem 0 .8rem;border:1px solid #8a94a6;border-radius:4px}' +
  'button,a.button{font:inherit;padding:.55rem;margin:.4rem 0;border:1px solid #1f4f99;border-radius:4px;background:#1f4f99;' +
  'color:#fff;text-align:center;text-decoration:none;cursor:pointer}button.other{background:#fff;color:#1f4f99}' +
  'p.fault{color:#a1260d}code{font-size:1.1em}@media(prefers-color-scheme:dark){body{background:#12161d;color:#e4e8ef}' +
  'input{background:#1c2330;color:inherit}button.other{background:none;border-color:#8ab4f8;color:#8ab4f8}p.fault{color:#ff8f73}}';
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
      '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
      `<title>${escaped(title)} – ostiary</title><style>${STYLE}</style></head>` +
      `<body><h1>${escaped(title)}</h1>${body}</body></html>\n`,
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
