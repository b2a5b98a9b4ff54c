import type { Check, CheckDetails } from '../request/check.ts';
import type { HeaderNamesMeant } from '../request/header-names-meant.ts';
import { readDetails } from './check-details.ts';
import { ProtoReader } from './proto-reader.ts';
import { RecurringAddresses } from './recurring-address.ts';
import { RecurringTexts } from './recurring-text.ts';
import { noHeaders } from './request-headers.ts';

/** Where in {@link WireCheck.spans} a field's start lies; its end follows. */
export const Span = {
  method: 0,
  path: 2,
  host: 4,
  streamId: 6,
  address: 8,
  principal: 10,
  protocol: 12,
  body: 14,
  textBody: 16,
  certificate: 18,
  destination: 20,
} as const;

const recurring = new RecurringTexts();
const destinations = new RecurringAddresses();

/** A length, a varint of 64 bits, two numbers of 32. */
const FIXED_ORIGIN_BYTES = 1 + 10 + 4 + 4;

/** A Check that knows the positions of its fields in the message, and decodes a field on first use. */
export class WireCheck implements Check {
  readonly #bytes: Buffer;
  /** Null until somebody asks. */
  #details: CheckDetails | undefined | null = null;
  /** Set when the whole message is read. */
  headers = noHeaders;
  /** Indexed by {@link Span}. */
  readonly spans: number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  isHttp = false;
  hasRequestTime = false;
  /** Where the varint `seconds` starts; −1 where the message leaves it out. */
  secondsStart = -1;
  nanos = 0;
  sourcePort = 0;
  /** Key start and end, value start and end of each entry. */
  readonly extensionRanges: number[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get method(): string {
    return recurring.of(this.#bytes, this.spans[Span.method] as number, this.spans[Span.method + 1] as number);
  }

  get path(): string {
    return this.#span(Span.path);
  }

  get host(): string {
    return recurring.of(this.#bytes, this.spans[Span.host] as number, this.spans[Span.host + 1] as number);
  }

  get streamId(): string {
    return this.#span(Span.streamId);
  }

  get requestTime(): string {
    if (!this.hasRequestTime) return '';
    return `${this.#seconds()}.${this.nanos}`;
  }

  get sourceAddress(): string {
    return this.#span(Span.address);
  }

  writeOrigin(target: Uint8Array, at: number, room: number): number {
    const [idStart, idEnd] = [this.spans[Span.streamId] as number, this.spans[Span.streamId + 1] as number];
    const [addressStart, addressEnd] = [this.spans[Span.address] as number, this.spans[Span.address + 1] as number];
    if (idStart === idEnd || addressStart === addressEnd || this.sourcePort === 0 || !this.hasRequestTime) return 0;
    if (idEnd - idStart > 0xff || idEnd - idStart + addressEnd - addressStart + FIXED_ORIGIN_BYTES > room) return 0;
    // The lengths of all values but the last are included, so that no two origins are written alike.
    let end = at;
    target[end++] = idEnd - idStart;
    for (let i = idStart; i < idEnd; i++) target[end++] = this.#bytes[i] as number;
    end = this.#writeSeconds(target, end);
    for (let shift = 0; shift < 32; shift += 8) target[end++] = this.nanos >>> shift;
    for (let shift = 0; shift < 32; shift += 8) target[end++] = this.sourcePort >>> shift;
    for (let i = addressStart; i < addressEnd; i++) target[end++] = this.#bytes[i] as number;
    return end - at;
  }

  get sourcePrincipal(): string {
    return this.#span(Span.principal);
  }

  get protocol(): string {
    return this.#span(Span.protocol);
  }

  get rawBody(): Uint8Array | undefined {
    const [start, end] = [this.spans[Span.body] as number, this.spans[Span.body + 1] as number];
    return start === end ? undefined : this.#bytes.subarray(start, end);
  }

  get hasTextBody(): boolean {
    return this.spans[Span.textBody] !== this.spans[Span.textBody + 1];
  }

  get sourceCertificate(): string {
    return this.#span(Span.certificate);
  }

  get destination(): string {
    return destinations.of(
      this.#bytes,
      this.spans[Span.destination] as number,
      this.spans[Span.destination + 1] as number,
    );
  }

  get details(): CheckDetails | undefined {
    if (this.#details === null) this.#details = readDetails(this.#bytes);
    return this.#details;
  }

  header(name: string): string | undefined {
    return this.headers.get(name);
  }

  headerTail(name: string, length: number): string | undefined {
    return this.headers.tail(name, length);
  }

  headerEquals(name: string, bytes: Uint8Array): boolean {
    return this.headers.equals(name, bytes);
  }

  headerNames(): readonly string[] {
    return this.headers.names();
  }

  headerNamesWithSigns(lengths: Uint8Array): readonly string[] {
    return this.headers.namesWithSigns(lengths);
  }

  headerNamesMeant(meant: HeaderNamesMeant): readonly string[] {
    return this.headers.namesMeant(meant);
  }

  contextExtension(name: string): string | undefined {
    const ranges = this.extensionRanges;
    // Of a map's entries with the same key, the last one counts.
    for (let at = ranges.length - 4; at >= 0; at -= 4) {
      if (this.#text(ranges[at] as number, ranges[at + 1] as number) === name) {
        return this.#text(ranges[at + 2] as number, ranges[at + 3] as number);
      }
    }
    return undefined;
  }

  /** As the varint they are. */
  #writeSeconds(target: Uint8Array, at: number): number {
    let end = at;
    let byte = 0;
    let from = this.secondsStart;
    do {
      byte = from < 0 ? 0 : (this.#bytes[from++] as number);
      target[end++] = byte;
    } while (byte >= 0x80);
    return end;
  }

  #seconds(): string {
    if (this.secondsStart < 0) return '0';
    const reader = new ProtoReader(this.#bytes);
    reader.position = this.secondsStart;
    return reader.int64(this.#bytes.length);
  }

  #span(at: number): string {
    return this.#text(this.spans[at] as number, this.spans[at + 1] as number);
  }

  #text(start: number, end: number): string {
    return start === end ? '' : this.#bytes.toString('utf8', start, end);
  }
}
