import { MalformedCheck, ProtoReader } from './proto-reader.ts';

/** A power of two. */
const PLACES = 64;
/** With an IPv6 address and a SPIFFE id. */
const LONGEST_KEPT = 512;

interface Known {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * Addresses and ports of peers that come again with almost every Check, as a listener of an Envoy is one: what is known by
 * its bytes is not decoded again.
 */
export class RecurringAddresses {
  #last: Known = { bytes: new Uint8Array(), text: '' };
  readonly #known: (Known | undefined)[] = Array.from({ length: PLACES });

  /** @param start where a serialised `AttributeContext.Peer` begins @returns empty if it has none, or can't be decoded */
  of(bytes: Uint8Array, start: number, end: number): string {
    if (start === end) return '';
    // Usually the address is the first field, and short: what follows, such as a certificate, is not looked at.
    const addressEnd = start + 2 + (bytes[start + 1] as number);
    const isFirst = bytes[start] === 0x0a && addressEnd <= end && (bytes[start + 1] as number) < 0x80;
    const length = (isFirst ? addressEnd : end) - start;
    if (isSame(this.#last.bytes, bytes, start, length)) return this.#last.text;
    const middle = (bytes[start + (length >> 1)] as number) + (bytes[start + (length >> 2)] as number) * 5;
    const place = (length * 7 + middle + (bytes[start + length - 1] as number) * 3) & (PLACES - 1);
    let known = this.#known[place];
    if (known === undefined || !isSame(known.bytes, bytes, start, length)) {
      known = { bytes: bytes.slice(start, start + length), text: addressOf(bytes, start, start + length) };
      if (length <= LONGEST_KEPT) this.#known[place] = known;
    }
    this.#last = known;
    return known.text;
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}

function addressOf(bytes: Uint8Array, start: number, end: number): string {
  const reader = new ProtoReader(bytes);
  reader.position = start;
  const found = { address: '', port: 0 };
  try {
    readPeer(reader, end, found);
  } catch (error) {
    if (error instanceof MalformedCheck) return '';
    throw error;
  }
  const { address, port } = found;
  if (address === '') return '';
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** `Peer.address`, of it `socket_address`, of it `address` and `port_value`. */
function readPeer(reader: ProtoReader, end: number, found: { address: string; port: number }, depth = 0): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a && depth < 2) readPeer(reader, reader.block(end), found, depth + 1);
    else if (tag === 0x12 && depth === 2) {
      const textEnd = reader.block(end);
      found.address = Buffer.from(reader.bytes.subarray(reader.position, textEnd)).toString('utf8');
      reader.position = textEnd;
    } else if (tag === 0x18 && depth === 2) found.port = reader.uint32(end);
    else reader.skip(tag, end);
  }
}
