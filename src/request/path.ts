/** A request's path, taken apart once: rules and base paths see this, the upstream sees what Envoy had. */
export interface NormalPath {
  /** Decoded once, without query, parameters (`;…`), dot segments and doubled slashes; starts with `/`. */
  readonly path: string;
  /** After the first `?`, undecoded; empty where there is none. */
  readonly query: string;
}

const ROOT: NormalPath = { path: '/', query: '' };

/** C0, DEL and C1: no path has them for a good reason, and servers behind us disagree about them. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
/** Spellings that upstreams read in different ways: whichever way we chose, a request could slip past a rule. */
const AMBIGUOUS_ESCAPE = /%(?:2f|5c)/i;

/** Almost every path: nothing in it is to be refused, decoded, cut or resolved, nor is there in its query. */
const PLAIN = /^(?:\/(?![./])[\w!$&'()*+,=:@~.-]*)+(?:\?[!"$-[\]-~]*)?$/;

/**
 * Takes `:path` apart (RFC 3986, 3.3 and 5.2.4). What could be read in two ways is refused.
 * @returns a sentence where the path is malformed
 */
export function normalizePath(raw: string, method: string): NormalPath | string {
  if (PLAIN.test(raw)) return split(raw);
  if (raw === '' && method === 'CONNECT') return ROOT;
  if (raw === '*' && method === 'OPTIONS') return ROOT;
  if (raw.charCodeAt(0) !== 0x2f) return 'the path does not start with a slash';
  if (raw.includes('#')) return 'the path has a raw #';
  if (raw.includes('\\')) return 'the path has a backslash';
  if (raw.includes('\uFFFD')) return 'the path is not valid UTF-8';
  if (CONTROL.test(raw)) return 'the path has a control character';
  const { path, query } = split(raw);
  if (AMBIGUOUS_ESCAPE.test(path)) return 'the path has an encoded slash or backslash';
  const decoded = decode(path);
  if (decoded === undefined) return 'the path has a percent-encoding that is not valid UTF-8';
  if (CONTROL.test(decoded)) return 'the path has an encoded control character';
  const resolved = resolve(decoded);
  return resolved === undefined
    ? 'a dot segment of the path climbs above the root or has parameters'
    : { path: resolved, query };
}

function split(raw: string): NormalPath {
  const mark = raw.indexOf('?');
  return mark < 0 ? { path: raw, query: '' } : { path: raw.slice(0, mark), query: raw.slice(mark + 1) };
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** Parameters are cut after decoding, since some upstreams decode first. Undefined: it can be read in two ways. */
function resolve(decoded: string): string | undefined {
  const kept: string[] = [];
  let directory = false;
  for (const segment of decoded.split('/')) {
    const semicolon = segment.indexOf(';');
    const name = semicolon < 0 ? segment : segment.slice(0, semicolon);
    // `/..;x/` climbs for some servers and is a name for others, Envoy among them.
    if (semicolon >= 0 && (name === '.' || name === '..')) return undefined;
    // Of the last segment this tells whether the path ends with a slash.
    directory = name === '' || name === '.' || name === '..';
    if (name === '..') {
      if (kept.pop() === undefined) return undefined;
    } else if (!directory) {
      kept.push(name);
    }
  }
  const joined = `/${kept.join('/')}`;
  return directory && kept.length > 0 ? `${joined}/` : joined;
}

/** What of a normalised path follows a base path; `/` where nothing does, the whole path where it lies outside. */
export function pathBelow(basePath: string, path: string): string {
  if (basePath === '/') return path;
  if (path === basePath) return '/';
  return path.startsWith(basePath) && path.charCodeAt(basePath.length) === 0x2f ? path.slice(basePath.length) : path;
}
