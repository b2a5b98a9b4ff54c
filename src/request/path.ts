/** A request's path, parsed once: rules and base paths use this, the upstream gets what Envoy had. */
export interface NormalPath {
  /**
   * Decoded once, without query, parameters (`;…`), dot segments and doubled slashes; starts with `/`.
   * Encoded slashes stay as they are, as `%2F`: most requests with one are refused.
   */
  readonly path: string;
  /** After the first `?`, undecoded; empty if there is none. */
  readonly query: string;
  /** Undefined for almost every path, because it can be read in one way only. */
  readonly readings?: PathReadings;
}

/** How else Envoy's routes or an upstream may read a path. */
export interface PathReadings {
  /** Undecoded, as routes are matched: as sent; with parameters cut from each segment; cut at the first of them. */
  readonly asSent: readonly string[];
  /** Decoded, but with parameters kept, with encoded slashes taken for slashes, and with nothing resolved. */
  readonly decoded: readonly string[];
  readonly hasEncodedSlash: boolean;
}

/** Characters, without the query. Rules read each of them, and servers allow this length for the whole request line. */
const LONGEST_PATH = 8192;

const ROOT: NormalPath = { path: '/', query: '' };

/** C0, DEL and C1: no path needs them, and servers disagree about their meaning. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const ENCODED_SLASH = /%2f/i;
const ENCODED_BACKSLASH = /%5c/i;

/** Almost every path: nothing in it, or in its query, must be refused, decoded, cut or resolved. */
const PLAIN = /^(?:\/(?![./])[\w!$&'()*+,=:@~.-]*)+(?:\?[!"$-[\]-~]*)?$/;

/**
 * Parses `:path` (RFC 3986, 3.3 and 5.2.4). A path that can be read in two ways is refused, or has `readings`.
 * @param request whose method tells, of two paths alone, whether they may be none
 * @returns a sentence where the path is malformed
 */
export function normalizePath(raw: string, request: { readonly method: string }): NormalPath | string {
  if (raw.length > LONGEST_PATH && split(raw).path.length > LONGEST_PATH) {
    return `the path is longer than ${LONGEST_PATH} characters`;
  }
  if (PLAIN.test(raw)) return split(raw);
  if (raw === '' && request.method === 'CONNECT') return ROOT;
  if (raw === '*' && request.method === 'OPTIONS') return ROOT;
  if (raw.charCodeAt(0) !== 0x2f) return 'the path does not start with a slash';
  if (raw.includes('#')) return 'the path has a raw #';
  if (raw.includes('\\')) return 'the path has a backslash';
  if (raw.includes('\uFFFD')) return 'the path is not valid UTF-8';
  if (CONTROL.test(raw)) return 'the path has a control character';
  const { path, query } = split(raw);
  if (ENCODED_BACKSLASH.test(path)) return 'the path has an encoded backslash';
  const pieces = decode(path);
  if (pieces === undefined) return 'the path has a percent-encoding that is not valid UTF-8';
  const decoded = pieces.join('%2F');
  if (CONTROL.test(decoded)) return 'the path has an encoded control character';
  const resolved = resolve(decoded, withoutParameters);
  if (resolved === undefined) return 'a dot segment of the path climbs above the root or has parameters';
  if (pieces.length > 1 && hidesSegment(pieces)) return 'an encoded slash of the path hides an empty or a dot segment';
  const readings = readingsOf(path, pieces);
  return readings === undefined
    ? 'the path climbs above the root, as one reads it'
    : { path: resolved, query, readings };
}

function split(raw: string): NormalPath {
  const mark = raw.indexOf('?');
  return mark < 0 ? { path: raw, query: '' } : { path: raw.slice(0, mark), query: raw.slice(mark + 1) };
}

/** Decoded once, split at encoded slashes. */
function decode(path: string): readonly string[] | undefined {
  try {
    return path.split(ENCODED_SLASH).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/**
 * Whether reading an encoded slash as a slash would create a segment that is resolved away, or a parameter without a
 * name.
 */
function hidesSegment(pieces: readonly string[]): boolean {
  return pieces.some((piece, index) => {
    const names = piece.split('/').map(withoutParameters);
    const beside = [...(index > 0 ? [names[0]] : []), ...(index < pieces.length - 1 ? [names.at(-1)] : [])];
    return beside.some((name) => name === '' || name === '.' || name === '..');
  });
}

/** Undefined: in one of them it climbs above the root. */
function readingsOf(path: string, pieces: readonly string[]): PathReadings | undefined {
  const asSent = [path];
  if (path.includes(';')) {
    asSent.push(path.split('/').map(withoutParameters).join('/'), path.slice(0, path.indexOf(';')));
  }
  const hasParameters = pieces.some((piece) => piece.includes(';'));
  const kept = hasParameters ? [resolve(pieces.join('%2F'), asItIs)] : [];
  const hasEncodedSlash = pieces.length > 1;
  if (hasEncodedSlash) {
    const slashes = pieces.join('/');
    kept.push(resolve(slashes, withoutParameters), ...(hasParameters ? [resolve(slashes, asItIs)] : []));
  }
  const decoded = kept.filter((reading) => reading !== undefined);
  if (decoded.length < kept.length) return undefined;
  return { asSent, decoded: [...decoded, ...unresolved(pieces, hasParameters)], hasEncodedSlash };
}

/** As an upstream reads it that decodes but resolves nothing: `/a/b/..` is below `/a/b` for it. */
function unresolved(pieces: readonly string[], hasParameters: boolean): readonly string[] {
  const spelled = pieces.length > 1 ? [pieces.join('%2F'), pieces.join('/')] : pieces;
  const read = hasParameters ? [withoutParameters, asItIs] : [withoutParameters];
  return spelled.flatMap((text) =>
    read.flatMap((nameOf) => {
      const plain = text.split('/').map(nameOf).join('/');
      return plain === resolve(text, nameOf) ? [] : [plain];
    }),
  );
}

function withoutParameters(segment: string): string {
  const semicolon = segment.indexOf(';');
  return semicolon < 0 ? segment : segment.slice(0, semicolon);
}

function asItIs(segment: string): string {
  return segment;
}

/**
 * Parameters are cut after decoding, since some upstreams decode first. Undefined if the path can be read in two ways.
 */
function resolve(decoded: string, nameOf: (segment: string) => string): string | undefined {
  const kept: string[] = [];
  let directory = false;
  for (const segment of decoded.split('/')) {
    const name = nameOf(segment);
    // `/..;x/` goes up one level for some servers and is a name for others, such as Envoy.
    if (name !== segment && (name === '.' || name === '..')) return undefined;
    // For the last segment, this says whether the path ends with a slash.
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

/** Whether nobody reads another path in it, whatever is decoded or resolved. */
export function readsOneWay({ path, readings }: NormalPath): boolean {
  if (readings === undefined) return true;
  const { asSent, decoded, hasEncodedSlash } = readings;
  return !hasEncodedSlash && asSent.length === 1 && decoded.every((reading) => reading === path);
}

/** The part of a normalised path after a base path, `/` if nothing follows; undefined if the path is outside. */
export function pathBelow(basePath: string, path: string): string | undefined {
  if (basePath === '/') return path;
  if (!isBelow(basePath, path)) return undefined;
  return path.length === basePath.length ? '/' : path.slice(basePath.length);
}

/** Whether a normalised path is a base path, or continues it by a whole segment. */
export function isBelow(basePath: string, path: string): boolean {
  if (basePath === '/') return true;
  return path.startsWith(basePath) && (path.length === basePath.length || path.charCodeAt(basePath.length) === 0x2f);
}

/** A base path in the form that requests must send and routes must name: percent-encoded where necessary. */
export function basePathAsSent(basePath: string): string {
  return encodeURI(basePath.toWellFormed());
}
