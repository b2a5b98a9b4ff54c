import { MalformedCheck } from './proto-reader.ts';

const underscore = 0x5f;
const none: readonly string[] = [];
/** What one header takes in the list of ranges: name start and end, value start and end. */
const stride = 4;

/**
 * Where the headers of one Check lie in its bytes. Names are compared in place, in any case; a
 * value becomes a string when somebody asks for it.
 *
 * Envoy fills either the map `headers`, whose values it has joined already, or, with
 * `encode_raw_headers`, the list `header_map`. A message that fills both comes from something else
 * and is refused: whichever of the two were read, the other might be what Envoy acts on.
 */
export class RequestHeaders {
  readonly #bytes: Buffer;
  readonly #ranges: number[] = [];
  #form: 'none' | 'map' | 'list' = 'none';

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The list to which the reader appends the place of one more header. */
  rangesOf(form: 'map' | 'list'): number[] {
    if (this.#form !== form) {
      if (this.#form !== 'none')
        throw new MalformedCheck('both `headers` and `header_map` are filled; Envoy fills one');
      this.#form = form;
    }
    return this.#ranges;
  }

  /** @param name in lower case and ASCII, as every header name is */
  get(name: string): string | undefined {
    return this.#form === 'map' ? this.#lastValue(name) : this.#joinedValues(name);
  }

  /** Lower case, without repetitions, in the order of the message. */
  names(): string[] {
    const names = new Set<string>();
    for (let at = 0; at < this.#ranges.length; at += stride) names.add(this.#name(at));
    return [...names];
  }

  /** As {@link names}, but only those with an underscore. */
  namesWithUnderscore(): readonly string[] {
    let names: Set<string> | undefined;
    for (let at = 0; at < this.#ranges.length; at += stride) {
      if (this.#hasUnderscore(at)) (names ??= new Set()).add(this.#name(at));
    }
    return names === undefined ? none : [...names];
  }

  /** Of a map's entries with one key the last counts. */
  #lastValue(name: string): string | undefined {
    for (let at = this.#ranges.length - stride; at >= 0; at -= stride) {
      if (this.#isNamed(at, name)) return this.#value(at);
    }
    return undefined;
  }

  /** Joined as Envoy joins them for the map: by a comma without a space. */
  #joinedValues(name: string): string | undefined {
    let first = -1;
    let more: string[] | undefined;
    for (let at = 0; at < this.#ranges.length; at += stride) {
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
    // From the end: the beginnings of header names are alike (`x-forwarded-…`).
    for (let i = length - 1; i >= 0; i--) {
      let byte = this.#bytes[start + i] as number;
      if (byte >= 0x41 && byte <= 0x5a) byte |= 0x20;
      if (byte !== name.charCodeAt(i)) return false;
    }
    return true;
  }

  #hasUnderscore(at: number): boolean {
    const end = this.#ranges[at + 1] as number;
    for (let i = this.#ranges[at] as number; i < end; i++) if (this.#bytes[i] === underscore) return true;
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

/** ASCII alone: the Kelvin sign is no `k` in a header's name. */
function toLowerCase(letters: string): string {
  return letters.toLowerCase();
}
