import type { Check } from '../check.ts';
import { ProtoReader } from './proto-reader.ts';
import { RequestHeaders } from './request-headers.ts';

/** Where in {@link WireCheck.spans} a field's start lies; its end follows. */
export const Span = { method: 0, path: 2, host: 4, streamId: 6, address: 8, principal: 10 } as const;

/** A Check that knows where its fields lie in the message and decodes one when it is asked for. */
export class WireCheck implements Check {
  readonly #bytes: Buffer;
  readonly headers: RequestHeaders;
  /** Indexed by {@link Span}. */
  readonly spans: number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
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
    this.headers = new RequestHeaders(bytes);
  }

  get method(): string {
    return this.#span(Span.method);
  }

  get path(): string {
    return this.#span(Span.path);
  }

  get host(): string {
    return this.#span(Span.host);
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

  get sourcePrincipal(): string {
    return this.#span(Span.principal);
  }

  header(name: string): string | undefined {
    return this.headers.get(name);
  }

  headerNames(): readonly string[] {
    return this.headers.names();
  }

  headerNamesWithUnderscore(): readonly string[] {
    return this.headers.namesWithUnderscore();
  }

  contextExtension(name: string): string | undefined {
    const ranges = this.extensionRanges;
    // Of a map's entries with one key the last counts.
    for (let at = ranges.length - 4; at >= 0; at -= 4) {
      if (this.#text(ranges[at] as number, ranges[at + 1] as number) === name) {
        return this.#text(ranges[at + 2] as number, ranges[at + 3] as number);
      }
    }
    return undefined;
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
