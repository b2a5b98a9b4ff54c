/** A template of paths below an API's base path, such as `/{id}/items`. */
export interface RouteTemplate {
  readonly path: string;
  /** Upper case; absent: any. */
  readonly methods?: readonly string[] | undefined;
  /** What analytics show in place of a path. */
  readonly route: string;
}

/** The routes of an API. They are for analytics only, and no decision uses them. */
export interface RouteIndex {
  /**
   * What is told in place of a path: of several templates that fit, the one that is concrete where they differ first.
   * Undefined: none fits.
   * @param path normalised, below the base path
   */
  routeOf(method: string, path: string): string | undefined;
}

interface Node {
  readonly concrete: Map<string, Node>;
  /** Segments with a parameter and some text, such as `{name}.json`: those with the most text first. */
  readonly mixed: { readonly pieces: readonly string[]; readonly node: Node }[];
  /** A segment that is a parameter. */
  any?: Node;
  readonly ends: RouteTemplate[];
}

/** Segments of a template; those of a path beyond them match nothing. */
export const MOST_SEGMENTS = 64;

/** The time of a look-up is bounded by the number of templates, whatever the path: no node is visited twice. */
export function createRouteIndex(templates: readonly RouteTemplate[]): RouteIndex {
  const root = newNode();
  for (const template of templates) add(root, template);
  return {
    routeOf(method, path) {
      const segments = segmentsOf(path);
      return segments.length > MOST_SEGMENTS ? undefined : find(root, segments, 0, method)?.route;
    },
  };
}

/** A slash at the end does not count. */
function segmentsOf(path: string): readonly string[] {
  const end = path.endsWith('/') ? path.length - 1 : path.length;
  return end === 0 ? [] : path.slice(1, end).split('/');
}

/** The text around the parameters of a segment: one piece more than there are parameters. */
function piecesOf(segment: string): readonly string[] {
  return segment.split(/\{[^{}]*\}/);
}

/** Two templates with one key match the same paths. */
export function routeKey(path: string): string {
  return segmentsOf(path.replaceAll(/\{[^{}]*\}/g, '{}')).join('/');
}

function newNode(): Node {
  return { concrete: new Map(), mixed: [], ends: [] };
}

function add(root: Node, template: RouteTemplate): void {
  let node = root;
  for (const segment of segmentsOf(template.path)) node = childFor(node, piecesOf(segment));
  node.ends.push(template);
}

function childFor(node: Node, pieces: readonly string[]): Node {
  const text = pieces.join('{}');
  if (pieces.length === 1) {
    const known = node.concrete.get(text) ?? newNode();
    node.concrete.set(text, known);
    return known;
  }
  if (text === '{}') return (node.any ??= newNode());
  const known = node.mixed.find((each) => each.pieces.join('{}') === text);
  if (known !== undefined) return known.node;
  const made = { pieces, node: newNode() };
  node.mixed.push(made);
  node.mixed.sort((a, b) => lengthOf(b.pieces) - lengthOf(a.pieces));
  return made.node;
}

function lengthOf(pieces: readonly string[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function find(node: Node, segments: readonly string[], at: number, method: string): RouteTemplate | undefined {
  const segment = segments[at];
  if (segment === undefined) return endFor(node.ends, method);
  const concrete = node.concrete.get(segment);
  let found = concrete === undefined ? undefined : find(concrete, segments, at + 1, method);
  for (const { pieces, node: next } of node.mixed) {
    if (found !== undefined) return found;
    if (fits(segment, pieces)) found = find(next, segments, at + 1, method);
  }
  if (found !== undefined || node.any === undefined || segment === '') return found;
  return find(node.any, segments, at + 1, method);
}

/** One for the method before one for any. What is for GET is for HEAD too. */
function endFor(ends: readonly RouteTemplate[], method: string): RouteTemplate | undefined {
  const isFor = (name: string) => (each: RouteTemplate) => each.methods?.includes(name) === true;
  return (
    ends.find(isFor(method)) ??
    (method === 'HEAD' ? ends.find(isFor('GET')) : undefined) ??
    ends.find(({ methods }) => methods === undefined)
  );
}

/** Each parameter stands for one character at least. */
function fits(segment: string, pieces: readonly string[]): boolean {
  const last = pieces.length - 1;
  const first = pieces[0] as string;
  const tail = pieces[last] as string;
  if (!segment.startsWith(first) || !segment.endsWith(tail)) return false;
  let from = first.length;
  const end = segment.length - tail.length;
  for (const piece of pieces.slice(1, last)) {
    const found = segment.indexOf(piece, from + 1);
    if (found < 0 || found + piece.length > end) return false;
    from = found + piece.length;
  }
  return from < end;
}
