import type { HeaderNamesMeant } from '../request/header-names-meant.ts';
import { MalformedCheck } from './proto-reader.ts';

/** 1 for the bytes of a name that are letters, digits and dashes. */
const IS_PLAIN = new Uint8Array(256);
for (const byte of Buffer.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-')) IS_PLAIN[byte] = 1;
const COLON = 0x3a;
const NONE: readonly string[] = [];
/** What one header takes in the list of ranges: name start and end, value start and end. */
const STRIDE = 4;

/** More than any request needs: if one message took more, the excess is released. */
const MAXIMUM_KEPT = 4 * 1024;

/** The field that a message has its headers in. */
type Form = 'none' | 'map' | 'list';

/**
 * Notes the positions of headers while a message is read. One object serves all messages, since reading never waits; a
 * new list for each message would grow and be copied many times.
 */
export class HeaderNotes {
  readonly #noted: number[] = [];
  #length = 0;
  #form: Form = 'none';
  #bytes: Buffer | undefined;

  /** Begins a message, and drops what a message that could not be read has left. */
  begin(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#length = 0;
    this.#form = 'none';
  }

  /** One more header is read: where its name and its value lie. */
  add(form: 'map' | 'list', nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    if (this.#form !== form) {
      if (this.#form !== 'none')
        throw new MalformedCheck('both `headers` and `header_map` are filled; Envoy fills one');
      this.#form = form;
    }
    const at = this.#length;
    this.#noted[at] = nameStart;
    this.#noted[at + 1] = nameEnd;
    this.#noted[at + 2] = valueStart;
    this.#noted[at + 3] = valueEnd;
    this.#length = at + STRIDE;
  }

  /** The message is read: its headers, which later messages do not change. */
  end(): RequestHeaders {
    if (this.#bytes === undefined) throw new TypeError('no message was begun');
    const headers = new RequestHeaders(this.#bytes, this.#form, this.#noted.slice(0, this.#length));
    if (this.#noted.length > MAXIMUM_KEPT) this.#noted.length = 0;
    this.#bytes = undefined;
    return headers;
  }
}

/**
 * The positions of the headers of one Check in its bytes. Names are compared in place, in any case; a value becomes a
 * string on first use.
 *
 * Envoy fills either the map `headers`, whose values it has joined already, or, with `encode_raw_headers`, the list
 * `header_map`. A message with both is not from Envoy and is refused: whichever of the two is read, Envoy might use the
 * other one.
 */
export class RequestHeaders {
  readonly #bytes: Buffer;
  readonly #form: Form;
  readonly #ranges: readonly number[];

  constructor(bytes: Buffer, form: Form, ranges: readonly number[]) {
    this.#bytes = bytes;
    this.#form = form;
    this.#ranges = ranges;
  }

  /** @param name in lower case and ASCII, as every header name is */
  get(name: string): string | undefined {
    return this.#form === 'map' ? this.#lastValue(name) : this.#joinedValues(name);
  }

  /**
   * The end of a value that is longer than that. Undefined if there is none, or where it is joined from several.
   * @param length characters, which must be ASCII to be of use
   */
  tail(name: string, length: number): string | undefined {
    const at = this.#onlyPlace(name);
    if (at < 0) return undefined;
    const end = this.#ranges[at + 3] as number;
    return end - (this.#ranges[at + 2] as number) > length
      ? this.#bytes.toString('latin1', end - length, end)
      : undefined;
  }

  /** Whether a value, in one piece, is these bytes. */
  equals(name: string, bytes: Uint8Array): boolean {
    const at = this.#onlyPlace(name);
    if (at < 0) return false;
    const [start, end] = [this.#ranges[at + 2] as number, this.#ranges[at + 3] as number];
    return end - start === bytes.length && this.#bytes.compare(bytes, 0, bytes.length, start, end) === 0;
  }

  /** Lower case, without repetitions, in the order of the message. */
  names(): string[] {
    const names = new Set<string>();
    for (let at = 0; at < this.#ranges.length; at += STRIDE) names.add(this.#name(at));
    return [...names];
  }

  /**
   * Like {@link names}, but only names that have a sign other than a dash and a length that is marked with 1; no
   * pseudo-headers.
   */
  namesWithSigns(lengths: Uint8Array): readonly string[] {
    let names: Set<string> | undefined;
    for (let at = 0; at < this.#ranges.length; at += STRIDE) {
      const length = (this.#ranges[at + 1] as number) - (this.#ranges[at] as number);
      if (lengths[length] === 1 && this.#hasSign(at)) (names ??= new Set()).add(this.#name(at));
    }
    return names === undefined ? NONE : [...names];
  }

  namesMeant(meant: HeaderNamesMeant): readonly string[] {
    let names: string[] | undefined;
    for (let at = 0; at < this.#ranges.length; at += STRIDE) {
      const name = meant.at(this.#bytes, this.#ranges[at] as number, this.#ranges[at + 1] as number);
      if (name !== undefined && names?.includes(name) !== true) (names ??= []).push(name);
    }
    return names ?? NONE;
  }

  /** If a map has several entries with one key, the last one counts. */
  #lastValue(name: string): string | undefined {
    const at = this.#lastPlace(name);
    return at < 0 ? undefined : this.#value(at);
  }

  /** −1 where there is none. */
  #lastPlace(name: string): number {
    let at = this.#ranges.length - STRIDE;
    while (at >= 0 && !this.#isNamed(at, name)) at -= STRIDE;
    return at;
  }

  /** −1 where there is none, or where the value is joined from several. */
  #onlyPlace(name: string): number {
    const last = this.#lastPlace(name);
    if (this.#form === 'map') return last;
    for (let at = 0; at < last; at += STRIDE) if (this.#isNamed(at, name)) return -1;
    return last;
  }

  /** Joined as Envoy joins them for the map: by a comma without a space. */
  #joinedValues(name: string): string | undefined {
    let first = -1;
    let more: string[] | undefined;
    for (let at = 0; at < this.#ranges.length; at += STRIDE) {
      if (!this.#isNamed(at, name)) continue;
      if (first < 0) first = at;
      else (more ??= [this.#value(first)]).push(this.#value(at));
    }
    if (first < 0) return undefined;
    return more === undefined ? this.#value(first) : more.join(',');
  }

  #isNamed(at: number, name: string): boolean {
    const start = this.#ranges[at] as number;
    const length = (this.#ranges[at + 1] as number) - start;
    if (length !== name.length) return false;
    // Compared from the end, since header names often begin alike (`x-forwarded-…`).
    for (let i = length - 1; i >= 0; i--) {
      let byte = this.#bytes[start + i] as number;
      if (byte >= 0x41 && byte <= 0x5a) byte |= 0x20;
      if (byte !== name.charCodeAt(i)) return false;
    }
    return true;
  }

  #hasSign(at: number): boolean {
    const start = this.#ranges[at] as number;
    const end = this.#ranges[at + 1] as number;
    if (this.#bytes[start] === COLON) return false;
    for (let i = start; i < end; i++) if (IS_PLAIN[this.#bytes[i] as number] === 0) return true;
    return false;
  }

  #name(at: number): string {
    const name = this.#bytes.toString('utf8', this.#ranges[at], this.#ranges[at + 1]);
    return /[A-Z]/.test(name) ? name.replaceAll(/[A-Z]+/g, toLowerCase) : name;
  }

  #value(at: number): string {
    return this.#bytes.toString('utf8', this.#ranges[at + 2], this.#ranges[at + 3]);
  }
}

/** Only ASCII: in a header's name, the Kelvin sign is not a `k`. */
function toLowerCase(letters: string): string {
  return letters.toLowerCase();
}

/** For a Check whose message is not read yet. */
export const noHeaders = new RequestHeaders(Buffer.alloc(0), 'none', []);
