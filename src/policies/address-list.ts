import { linesOf } from '../policy/named-file.ts';
import type { FileContent, FileFormat, FileProblem, GiveWay } from '../policy/named-file.ts';
import { parseIpAddress } from '../request/ip-address.ts';
import type { Ipv6Words } from '../request/ip-address.ts';
import { AddressRanges } from './address-ranges.ts';
import type { AddressRange } from './address-ranges.ts';

/** The addresses that options or a file list. */
export interface AddressList {
  readonly ranges: AddressRanges;
}

/** A million addresses, with room for comments. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;
/** A file with more wrong lines than this is not a list at all, so the rest is not reported. */
const MAX_PROBLEMS = 100;

/** The longest address with its prefix, and some room for a faulty one. */
const MAX_ENTRY_LENGTH = 100;

export const ADDRESS_FORMS = '192.0.2.7, 192.0.2.0/24, 192.0.2 (its first octets), 2001:db8::7 or 2001:db8::/32';

/** A file with one entry a line. The text after `#` or `;` is a comment. */
export const addressFile: FileFormat<AddressList> = {
  name: 'the list of addresses',
  maxBytes: MAX_FILE_BYTES,
  async parse(bytes, giveWay): Promise<FileContent<AddressList>> {
    const lines = linesOf(bytes);
    if (lines === undefined) return { problems: [{ line: 0, message: 'is not UTF-8: save it in that encoding' }] };
    return inTurns(readLines(lines), giveWay);
  },
};

/** @throws TypeError if a text is not an entry; the schema of the options excludes that */
export function listOfEntries(entries: readonly string[]): AddressList {
  const ranges = entries.map((entry) => {
    const range = parseEntry(entry);
    if (typeof range === 'string') throw new TypeError(range);
    return range;
  });
  const building = AddressRanges.of(ranges);
  for (;;) {
    const step = building.next();
    if (step.done === true) return { ranges: step.value };
  }
}

async function inTurns<Result>(work: Generator<void, Result>, giveWay: GiveWay): Promise<Result> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    const pause = giveWay();
    if (pause !== undefined) await pause;
  }
}

function* readLines(lines: readonly string[]): Generator<void, FileContent<AddressList>> {
  const ranges: AddressRange[] = [];
  const problems: FileProblem[] = [];
  for (const [index, line] of lines.entries()) {
    if (index % 64 === 0) yield;
    const entry = withoutComment(line);
    if (entry === '') continue;
    const range = parseEntry(entry);
    if (typeof range !== 'string') ranges.push(range);
    else if (problems.push({ line: index + 1, message: range }) === MAX_PROBLEMS) break;
  }
  if (problems.length > 0) return { problems };
  return { content: { ranges: yield* AddressRanges.of(ranges) } };
}

function withoutComment(line: string): string {
  const at = line.search(/[#;]/);
  return (at < 0 ? line : line.slice(0, at)).trim();
}

/**
 * Parses an address, a network or the first octets of IPv4 addresses. Bits of a network's address beyond its prefix
 * are ignored, as in the reference.
 * @returns the range, or a text that says what is wrong
 */
export function parseEntry(text: string): AddressRange | string {
  // An overlong line is no entry, so it is not parsed.
  if (text.length > MAX_ENTRY_LENGTH) return `is too long for an address or a network: expected ${ADDRESS_FORMS}`;
  const slash = text.indexOf('/');
  const written = slash < 0 ? text : text.slice(0, slash);
  const address = parseIpAddress(written);
  if (address === undefined) return slash < 0 ? parseOctets(text) : problemOf(text);
  const isIpv6 = written.includes(':');
  const width = isIpv6 ? 128 : 32;
  const bits = slash < 0 ? width : prefixOf(text.slice(slash + 1), width);
  if (bits === undefined) return `has a prefix that is not a number from 0 to ${width}`;
  if (typeof address !== 'number') return ipv6Range(address, bits);
  if (!isIpv6) return ipv4Range(address, bits);
  // IPv4 addresses in IPv6 share their first 96 bits.
  if (bits < 96) return 'is more than the IPv4 addresses in IPv6: write the IPv4 network itself, such as 192.0.2.0/24';
  return ipv4Range(address, bits - 96);
}

function prefixOf(text: string, width: number): number | undefined {
  return /^(?:0|[1-9]\d{0,2})$/.test(text) && Number(text) <= width ? Number(text) : undefined;
}

/** `192.168` or `192.168.` stands for 192.168.0.0/16. */
function parseOctets(text: string): AddressRange | string {
  const octets = text.replace(/\.$/, '').split('.');
  if (octets.length > 3 || !octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255)) {
    return problemOf(text);
  }
  if (!text.includes('.')) {
    return `is a single number: for every address that begins with it write ${text}. or ${text}.0.0.0/8`;
  }
  const address = octets.reduce((sum, octet, index) => sum + Number(octet) * 256 ** (3 - index), 0);
  return ipv4Range(address, octets.length * 8);
}

function problemOf(text: string): string {
  if (text.includes('%')) return 'has a scope id: leave it out, it means something on one machine alone';
  if (/[[\]]/.test(text) || /^[\d.]+:\d+$/.test(text)) return 'has brackets or a port: write the address alone';
  if (/^[\da-f.:]+\s*-\s*[\da-f.:]+$/i.test(text))
    return 'is a range of two addresses: write the networks it consists of';
  if (/(?:^|\.)0\d/.test(text)) return 'has an octet with a leading zero, which some read as octal: leave the zero out';
  return `is neither an address nor a network: expected ${ADDRESS_FORMS}`;
}

function ipv4Range(address: number, bits: number): AddressRange {
  const size = 2 ** (32 - bits);
  const first = address - (address % size);
  return { first: [first], last: [first + size - 1] };
}

function ipv6Range(words: Ipv6Words, bits: number): AddressRange {
  const first: number[] = [];
  const last: number[] = [];
  for (const [index, word] of words.entries()) {
    const ofWord = Math.min(32, Math.max(0, bits - 32 * index));
    // In JavaScript a shift by 32 bits shifts by none.
    const rest = ofWord === 32 ? 0 : 0xffffffff >>> ofWord;
    first.push((word & ~rest) >>> 0);
    last.push((word | rest) >>> 0);
  }
  return { first, last };
}
