import { flagsOf } from './curl-flags.ts';
import type { Flag } from './curl-flags.ts';
import { shellWords } from './curl-words.ts';

/** A request as Envoy would get it from curl. */
export interface CurlRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** With its port, where it is not that of the scheme. */
  readonly host: string;
  /** With its query. */
  readonly path: string;
  /** Lower-case names; what came more than once is joined, as Envoy does it. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface ParsedCurl {
  /** Undefined: it is no request. */
  readonly request: CurlRequest | undefined;
  /** Why it is none. */
  readonly fault: string | undefined;
  /** What was left out, or is not as curl would send it. */
  readonly notes: readonly string[];
}

const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;
const MOST = 100_000;

/** Reads a line with curl (https://curl.se/docs/manpage.html). Nothing of it is run, and no file is read. */
export function parsedCurl(line: string): ParsedCurl {
  if (line.length > MOST) return { request: undefined, fault: 'It is too long to be read.', notes: [] };
  const { notes: told, words } = shellWords(line.trim().replace(/^\$ /, ''));
  const notes = new Set(told);
  if (words[0] === undefined) return { request: undefined, fault: 'There is nothing to read yet.', notes: [] };
  if (!/(?:^|\/)curl(?:\.exe)?$/.test(words[0]))
    return {
      request: undefined,
      fault: `It begins with ${words[0].slice(0, 40)}, and not with curl.`,
      notes: [...notes],
    };
  const flags = flagsOf(words.slice(1), notes);
  const urls = flags.filter(({ name }) => name === '' || name === '--url').map(({ value }) => value);
  const [url] = urls;
  if (url === undefined) return { request: undefined, fault: 'It names no URL.', notes: [...notes] };
  if (urls.length > 1) notes.add(`Only the first of its ${urls.length} URLs is asked for.`);
  const place = placeOf(url, flags);
  if (typeof place === 'string') return { request: undefined, fault: place, notes: [...notes] };
  if (/[{}[\]]/.test(place.path)) notes.add('Put a value in place of what stands in brackets in the path.');
  const headers = headersOf(flags, place.user, notes);
  const { host: named, ...others } = headers;
  return {
    request: {
      method: methodOf(flags),
      scheme: place.scheme,
      host: named ?? place.host,
      path: place.path,
      headers: others,
    },
    fault: undefined,
    notes: [...notes],
  };
}

const isBody = ({ name }: Flag): boolean => ['--data', '--json', '--form', '--upload-file'].includes(name);
const has = (flags: readonly Flag[], name: string): boolean => flags.some((flag) => flag.name === name);

function methodOf(flags: readonly Flag[]): string {
  const given = flags.findLast(({ name }) => name === '--request');
  if (given !== undefined) return given.value;
  if (has(flags, '--head')) return 'HEAD';
  if (has(flags, '--upload-file')) return 'PUT';
  return flags.some(isBody) && !has(flags, '--get') ? 'POST' : 'GET';
}

interface Place {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly path: string;
  readonly user: string | undefined;
}

/** Parts of a URL as curl sends them: nothing is encoded that was not. @returns a text: why it is none */
function placeOf(url: string, flags: readonly Flag[]): Place | string {
  const [, named = 'http', user, host = '', rest = ''] =
    /^(?:([a-z][\d+.a-z-]*):\/\/)?(?:([^#/?@]*)@)?([^#/?]*)([^#]*)/i.exec(url.trim()) ?? [];
  const scheme = named.toLowerCase();
  if (scheme !== 'http' && scheme !== 'https') return `Its URL is of ${scheme}: only http and https pass an Envoy.`;
  if (!/^(?:\[[\d.:A-Fa-f]+\]|[^\s:[\]]+)(?::\d{1,5})?$/.test(host)) return 'Its URL names no host.';
  const [asked = '', ...queries] = rest.split('?');
  const path = asked === '' ? '/' : has(flags, '--path-as-is') ? asked : withoutDots(asked);
  const data = has(flags, '--get') ? flags.filter(({ name }) => name === '--data').map(({ value }) => value) : [];
  const query = [...(queries.length > 0 ? [queries.join('?')] : []), ...data].join('&');
  return {
    scheme,
    host: host.replace(scheme === 'https' ? /:443$/ : /:80$/, ''),
    path: query === '' && queries.length === 0 ? path : `${path}?${query}`,
    user: user === undefined ? undefined : decodedOr(user),
  };
}

function decodedOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 3986, section 5.2.4. */
function withoutDots(path: string): string {
  const kept: string[] = [];
  const parts = path.split('/').slice(1);
  for (const [at, part] of parts.entries()) {
    const isLast = at === parts.length - 1;
    if (part === '..') kept.pop();
    if (part !== '.' && part !== '..') kept.push(part);
    else if (isLast) kept.push('');
  }
  return `/${kept.join('/')}`;
}

function headersOf(
  flags: readonly Flag[],
  user: string | undefined,
  notes: Set<string>,
): Readonly<Record<string, string>> {
  const headers = new Map<string, string>([
    ['accept', '*/*'],
    ['user-agent', 'curl/8.0'],
  ]);
  const isDefault = new Set(headers.keys());
  const set = (name: string, value: string): void => void headers.set(name, value);
  const values = (wanted: string): readonly string[] =>
    flags.filter(({ name }) => name === wanted).map(({ value }) => value);
  for (const value of values('--user-agent')) set('user-agent', value);
  for (const value of values('--referer')) set('referer', value);
  for (const value of values('--range')) set('range', `bytes=${value}`);
  const cookies = values('--cookie');
  if (cookies.some((value) => !value.includes('='))) notes.add('Cookies of a file are not read.');
  const given = cookies.filter((value) => value.includes('='));
  if (given.length > 0) set('cookie', given.join('; '));
  if (has(flags, '--compressed')) set('accept-encoding', 'deflate, gzip, br, zstd');
  for (const value of [...(user === undefined ? [] : [user]), ...values('--user')]) {
    if (!value.includes(':')) notes.add('-u names no password: curl would ask for one.');
    set('authorization', `Basic ${base64(value.includes(':') ? value : `${value}:`)}`);
  }
  for (const value of values('--oauth2-bearer')) set('authorization', `Bearer ${value}`);
  if (has(flags, '--json')) {
    set('content-type', 'application/json');
    set('accept', 'application/json');
  } else if (has(flags, '--form')) set('content-type', 'multipart/form-data; boundary=boundary');
  else if (has(flags, '--data') && !has(flags, '--get')) set('content-type', 'application/x-www-form-urlencoded');
  if (flags.some(isBody) && !has(flags, '--get')) notes.add('The body is left out: a decision is made without it.');
  const own = new Set<string>();
  for (const text of values('--header')) {
    const isEmpty = /^[^:]+;$/.test(text);
    const at = isEmpty ? text.length - 1 : text.indexOf(':');
    const name = text.slice(0, Math.max(0, at)).trim().toLowerCase();
    const value = isEmpty ? '' : text.slice(at + 1).trim();
    if (text.startsWith('@')) notes.add(`Headers of the file ${text.slice(1)} are not read.`);
    else if (!TOKEN.test(name)) notes.add(`${JSON.stringify(text.slice(0, 60))} is no header, and is left out.`);
    else if (/[\0\r\n]/.test(value)) notes.add(`The value of ${name} has a line break, and is left out.`);
    else if (value === '' && !isEmpty) headers.delete(name);
    else if (own.has(name) && !isDefault.has(name))
      set(name, `${headers.get(name) ?? ''}${name === 'cookie' ? '; ' : ','}${value}`);
    else {
      own.add(name);
      set(name, value);
    }
  }
  return Object.fromEntries(headers);
}

function base64(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}
