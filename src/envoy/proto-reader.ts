/** A Check that can't be decoded. It gets the gRPC error INVALID_ARGUMENT, never a decision. */
export class MalformedCheck extends Error {
  override name = 'MalformedCheck';
}

/** Nested groups are the only recursion; no message read here has any. */
const MAXIMUM_GROUP_DEPTH = 100;

/**
 * Walks over protobuf's wire format (https://protobuf.dev/programming-guides/encoding/) and decodes only what is
 * needed. Every method takes the `end` of its message, and throws {@link MalformedCheck} if a value would reach past
 * it.
 */
export class ProtoReader {
  readonly bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Field number and wire type as encoded: `number << 3 | type`. */
  tag(end: number): number {
    const start = this.position;
    const first = this.bytes[start] as number;
    if (first < 0x80) {
      if (first < 8) throw new MalformedCheck('a field has the number 0');
      this.position = start + 1;
      return first;
    }
    const second = this.bytes[start + 1] as number;
    // Fields 16 to 2047: almost all others.
    if (second < 0x80 && second > 0 && start + 1 < end) {
      this.position = start + 2;
      return (second << 7) | (first & 0x7f);
    }
    const tag = this.uint32(end);
    const length = this.position - start;
    if (length > 5 || (length === 5 && (this.bytes[start + 4] as number) > 0x0f)) {
      throw new MalformedCheck('a field number does not fit 29 bits');
    }
    if (tag < 8) throw new MalformedCheck('a field has the number 0');
    return tag;
  }

  /** Reads a length and returns the end of the block of that length, which starts at `position`. */
  block(end: number): number {
    const start = this.position;
    let length = start < end ? (this.bytes[start] as number) : 0x80;
    if (length < 0x80) {
      this.position = start + 1;
    } else {
      length = this.uint32(end);
      if (this.position - start > 5) throw new MalformedCheck('a length does not fit 32 bits');
    }
    const blockEnd = this.position + length;
    if (blockEnd > end) throw new MalformedCheck('a field is longer than the message that holds it');
    return blockEnd;
  }

  /** Stores the start and end of a block in `spans[at]` and `spans[at + 1]`, and skips the block. */
  span(spans: number[], at: number, end: number): void {
    const blockEnd = this.block(end);
    spans[at] = this.position;
    spans[at + 1] = blockEnd;
    this.position = blockEnd;
  }

  /** A varint's low 32 bits, as protobuf truncates one that is longer than its field. */
  uint32(end: number): number {
    const start = this.position;
    const first = this.bytes[start] as number;
    if (first < 0x80 && start < end) {
      this.position = start + 1;
      return first;
    }
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.position >= end) throw new MalformedCheck('a number is cut off');
      const byte = this.bytes[this.position++] as number;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new MalformedCheck('a number is longer than 10 bytes');
  }

  /** A varint as an unsigned 64-bit number, rounded above 2^53. */
  uint64(end: number): number {
    const start = this.position;
    const first = this.bytes[start] as number;
    if (first < 0x80 && start < end) {
      this.position = start + 1;
      return first;
    }
    let low = 0;
    let high = 0;
    let unit = 1;
    for (let index = 0; index < 10; index++) {
      if (this.position >= end) throw new MalformedCheck('a number is cut off');
      const byte = this.bytes[this.position++] as number;
      if (index === 7) unit = 1;
      if (index < 7) low += (byte & 0x7f) * unit;
      else high += (byte & (index === 9 ? 1 : 0x7f)) * unit;
      if (byte < 0x80) return high * 2 ** 49 + low;
      unit *= 128;
    }
    throw new MalformedCheck('a number is longer than 10 bytes');
  }

  /** A varint as a signed 64-bit number, in decimal. */
  int64(end: number): string {
    let value = 0n;
    let low = 0;
    for (let index = 0; index < 10; index++) {
      if (this.position >= end) throw new MalformedCheck('a number is cut off');
      const byte = this.bytes[this.position++] as number;
      if (index < 7) low += (byte & 0x7f) * 2 ** (7 * index);
      else value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      // Seven bytes fit a double: BigInt is ten times slower, and no time of this millennium needs it.
      if (byte < 0x80) return index < 7 ? String(low) : String(BigInt.asIntN(64, value | BigInt(low)));
    }
    throw new MalformedCheck('a number is longer than 10 bytes');
  }

  /** Skips a field that nobody reads: its tag has been read, its value has not. */
  skip(tag: number, end: number, depth = 0): void {
    switch (tag & 7) {
      case 0:
        this.uint32(end);
        return;
      case 1:
        this.#advance(8, end);
        return;
      case 2:
        this.position = this.block(end);
        return;
      case 3:
        this.#skipGroup(tag >>> 3, end, depth);
        return;
      case 5:
        this.#advance(4, end);
        return;
      default:
        throw new MalformedCheck(`a field has the wire type ${tag & 7} where a field must start`);
    }
  }

  #skipGroup(number: number, end: number, depth: number): void {
    if (depth >= MAXIMUM_GROUP_DEPTH) throw new MalformedCheck('groups are nested too deeply');
    while (this.position < end) {
      const tag = this.tag(end);
      if ((tag & 7) !== 4) {
        this.skip(tag, end, depth + 1);
      } else if (tag >>> 3 === number) {
        return;
      } else {
        throw new MalformedCheck('a group ends that has not begun');
      }
    }
    throw new MalformedCheck('a group is cut off');
  }

  #advance(length: number, end: number): void {
    this.position += length;
    if (this.position > end) throw new MalformedCheck('a field is cut off');
  }
}
