import { parseIpAddress } from '../request/ip-address.ts';
import type { Ipv6Words } from '../request/ip-address.ts';
import { compileExpression } from './expression.ts';
import type { ExpressionSource, Selection } from './expression.ts';
import type { Request } from './policy.ts';

/** The key of a counter as a document writes it: one expression, or several. */
export type KeySource = ExpressionSource | readonly ExpressionSource[];

/** The expressions of a key, each with its path below the option. */
export function keyParts(
  source: KeySource | undefined,
): readonly (readonly [path: readonly number[], ExpressionSource])[] {
  if (source === undefined) return [];
  return isList(source) ? source.map((part, index) => [[index], part]) : [[[], source]];
}

/**
 * The key of a request: undefined if one of its parts selects nothing. Several parts are told apart however they are
 * spelled.
 * @param ipv6PrefixLength how many bits of an IPv6 address count where a part selects the caller's address: whoever has
 *   one address of a network mostly has them all
 */
export function compileKey(source: KeySource, ipv6PrefixLength: number): (request: Request) => string | undefined {
  if (!isList(source)) return compilePart(source, ipv6PrefixLength);
  const parts = source.map((part) => compilePart(part, ipv6PrefixLength));
  return (request) => {
    const values: string[] = [];
    for (const part of parts) {
      const value = part(request);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return JSON.stringify(values);
  };
}

/** Whether a part of the key is the caller's address. */
export function keysByAddress(source: KeySource): boolean {
  return (isList(source) ? source : [source]).some((part) => selectsAddress(compileExpression(part)));
}

function compilePart(source: ExpressionSource, ipv6PrefixLength: number): (request: Request) => string | undefined {
  const selection = compileExpression(source);
  if (!selectsAddress(selection)) return (request) => selection.select(request);
  return (request) => {
    const selected = selection.select(request);
    return selected === undefined ? undefined : networkOf(selected, ipv6PrefixLength);
  };
}

/** True only for the address alone: `request.address + request.host` has no address to cut. */
function selectsAddress({ source, reads: [read, ...others] }: Selection): boolean {
  if (others.length > 0 || read?.variable !== 'request' || read.field !== 'address') return false;
  return /^\s*(?:#\[\s*attributes\.remoteAddress\s*\]|request\.address)\s*$/.test(source);
}

/** The network of an IPv6 address. Any other text is returned as it is. */
function networkOf(text: string, ipv6PrefixLength: number): string {
  const address = parseIpAddress(text);
  if (address === undefined || typeof address === 'number') return text;
  const words = address.map((word, index) => word & mask(ipv6PrefixLength - index * 32)) as Ipv6Words;
  return `${Array.from(words, (word) => (word >>> 0).toString(16)).join(':')}/${ipv6PrefixLength}`;
}

/** The mask of a word in which so many bits count. */
function mask(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}

function isList(source: KeySource): source is readonly ExpressionSource[] {
  return Array.isArray(source);
}
