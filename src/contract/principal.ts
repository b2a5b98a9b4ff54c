/** A SPIFFE id, or a pattern of SPIFFE ids, split into its parts. */
export interface Principal {
  readonly trustDomain: string;
  /** The segment {@link ANY} matches one whole segment; {@link REST} at the end matches one or more. */
  readonly segments: readonly string[];
  readonly isPattern: boolean;
}

const ANY = '*';
const REST = '**';

/** SPIFFE-ID, 2.3: the maximum length. */
const MAX_LENGTH = 2048;
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const SEGMENT = /^[A-Za-z0-9._-]+$/;
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/;
/** The most segments of a pattern: the cost of a look-up grows with them. */
const MAX_SEGMENTS = 16;

/** Whether the text is a SPIFFE id, without patterns (SPIFFE-ID, 2). */
export function isSpiffeId(text: string): boolean {
  return text.length <= MAX_LENGTH && SPIFFE_ID.test(text);
}

/**
 * Parses a SPIFFE id, or a pattern of ids of one trust domain.
 * @returns the parts, or a text that says what is wrong
 */
export function principalFrom(text: string): Principal | string {
  if (!text.startsWith('spiffe://')) return 'expected a SPIFFE id such as spiffe://cluster.local/ns/shop/sa/web';
  if (text.length > MAX_LENGTH) return `a SPIFFE id has at most ${MAX_LENGTH} characters`;
  const [trustDomain = '', ...segments] = text.slice('spiffe://'.length).split('/');
  // With a pattern here, whoever signs for another trust domain could invent workloads that match.
  if (!TRUST_DOMAIN.test(trustDomain)) {
    return 'expected a trust domain after spiffe://: lower-case letters, digits, ".", "_" and "-", and no pattern';
  }
  for (const [index, segment] of segments.entries()) {
    if (segment === ANY || (segment === REST && index === segments.length - 1)) continue;
    if (segment.includes(ANY)) return '"*" stands for a whole segment, "**" for one or more at the end';
    if (!SEGMENT.test(segment) || segment === '.' || segment === '..') {
      return 'a segment of a SPIFFE id has letters, digits, ".", "_" and "-"; it is not empty, "." or ".."';
    }
  }
  const isPattern = segments.some((segment) => segment.includes(ANY));
  if (isPattern && segments.length > MAX_SEGMENTS) return `a pattern has at most ${MAX_SEGMENTS} segments`;
  return { trustDomain, segments, isPattern };
}

/** Whether some SPIFFE id matches both. */
export function overlap(a: Principal, b: Principal): boolean {
  if (a.trustDomain !== b.trustDomain) return false;
  for (let i = 0; ; i++) {
    const [one, other] = [a.segments[i], b.segments[i]];
    if (one === undefined || other === undefined) return one === other;
    if (one === REST || other === REST) return true;
    if (one !== other && one !== ANY && other !== ANY) return false;
  }
}

interface Node<Owner> {
  readonly children: Map<string, Node<Owner>>;
  /** The owner of ids that end here. */
  here?: Owner;
  /** The owner of ids that continue from here in any way. */
  rest?: Owner;
}

/** Finds the owner of a SPIFFE id. Exact ids win over patterns. Patterns of different owners never overlap. */
export class PrincipalIndex<Owner> {
  readonly #exact = new Map<string, Owner>();
  readonly #patterns = new Map<string, Node<Owner>>();

  /** @param text an id or a pattern; others are ignored (see {@link principalFrom}) */
  add(text: string, owner: Owner): void {
    const principal = principalFrom(text);
    if (typeof principal === 'string') return;
    if (!principal.isPattern) {
      this.#exact.set(text, owner);
      return;
    }
    let node = this.#patterns.get(principal.trustDomain);
    if (node === undefined) this.#patterns.set(principal.trustDomain, (node = { children: new Map() }));
    for (const segment of principal.segments) {
      if (segment === REST) {
        node.rest = owner;
        return;
      }
      let next: Node<Owner> | undefined = node.children.get(segment);
      if (next === undefined) node.children.set(segment, (next = { children: new Map() }));
      node = next;
    }
    node.here = owner;
  }

  find(spiffeId: string): Owner | undefined {
    const exact = this.#exact.get(spiffeId);
    if (exact !== undefined || this.#patterns.size === 0 || !isSpiffeId(spiffeId)) return exact;
    const [trustDomain = '', ...segments] = spiffeId.slice('spiffe://'.length).split('/');
    const root = this.#patterns.get(trustDomain);
    return root === undefined ? undefined : found(root, segments, 0);
  }
}

function found<Owner>(node: Node<Owner>, segments: readonly string[], at: number): Owner | undefined {
  const segment = segments[at];
  if (segment === undefined) return node.here;
  for (const name of [segment, ANY]) {
    const next = node.children.get(name);
    const owner = next === undefined ? undefined : found(next, segments, at + 1);
    if (owner !== undefined) return owner;
  }
  return node.rest;
}
