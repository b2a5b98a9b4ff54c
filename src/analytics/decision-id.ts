import { SEQUENCES_PER_BLOCK, TAG_BYTES, Tags } from './tags.ts';
import type { Epoch } from './tags.ts';

// An id is base64url (RFC 4648, 5) of: epoch (4 bytes), sequence (6), tag (8), duration of the decision in
// microseconds (3). Our answer to a Check has it as metadata, and Envoy repeats it in its access log. Without the
// epoch's key nobody can make one up. The tag does not cover the duration: an id counts only once, and whoever sees
// it sees the whole entry.

/** The length of an id in characters. */
export const ID_LENGTH = 28;

const ALPHABET = Uint8Array.from(Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'));

const LONGEST_MICROSECONDS = 2 ** 24 - 1;

/**
 * The end of an answer, with room for the id: `dynamic_metadata {fields {key: "id", value {string_value: …}}}`, one
 * character a byte.
 */
export const ENDING =
  String.fromCharCode(0x22, ID_LENGTH + 10, 0x0a, ID_LENGTH + 8, 0x0a, 2) +
  'id' +
  String.fromCharCode(0x12, ID_LENGTH + 2, 0x1a, ID_LENGTH) +
  'A'.repeat(ID_LENGTH);

/** The first bytes of an id, which 256 sequences share: the epoch, and the upper five bytes of the sequence. */
const COMMON_BYTES = 9;
const COMMON_LENGTH = 12;

/** Makes ids for the decisions of one epoch: 0, 1, 2, … */
export class IdWriter {
  readonly #nextTags: () => Buffer;
  readonly #common = Buffer.alloc(COMMON_BYTES);
  /** The same in base64url. */
  #commonText: Buffer = this.#common;
  /** The tags of this block of sequences. */
  #block: Buffer = this.#common;
  /** The next sequence. */
  #sequence = 0;

  constructor(epoch: Epoch) {
    this.#nextTags = new Tags(epoch).stream();
    this.#common.writeUInt32BE(epoch.number);
  }

  /** The number of sequences that were given. */
  get given(): number {
    return this.#sequence;
  }

  /** @returns the sequence of the next decision */
  next(): number {
    const sequence = this.#sequence++;
    if (sequence % SEQUENCES_PER_BLOCK === 0) this.#block = this.#nextTags();
    if (sequence % 256 === 0) {
      this.#common.writeUIntBE(sequence / 256, 4, 5);
      this.#commonText = Buffer.from(this.#common.toString('base64url'), 'latin1');
    }
    return sequence;
  }

  /**
   * Writes the id of the last sequence over the end of an answer, which has room for it ({@link ENDING}). Envoy
   * merges both `dynamic_metadata`, as protobuf demands for a message field that occurs twice.
   */
  write(answer: Uint8Array, durationMs: number): void {
    const common = this.#commonText;
    let to = answer.length - ID_LENGTH;
    for (let i = 0; i < COMMON_LENGTH; i++) answer[to++] = common[i] as number;
    const tags = this.#block;
    const sequence = this.#sequence - 1;
    const at = (sequence % SEQUENCES_PER_BLOCK) * TAG_BYTES;
    to = writeGroup(answer, to, ((sequence & 255) << 16) | ((tags[at] as number) << 8) | (tags[at + 1] as number));
    to = writeGroup(answer, to, groupAt(tags, at + 2));
    to = writeGroup(answer, to, groupAt(tags, at + 5));
    writeGroup(answer, to, Math.min(LONGEST_MICROSECONDS, Math.max(0, Math.round(durationMs * 1000))));
  }
}

function groupAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

/**
 * @param group 24 bits
 * @returns the place for the next group
 */
function writeGroup(text: Uint8Array, at: number, group: number): number {
  text[at] = ALPHABET[group >>> 18] as number;
  text[at + 1] = ALPHABET[(group >>> 12) & 63] as number;
  text[at + 2] = ALPHABET[(group >>> 6) & 63] as number;
  text[at + 3] = ALPHABET[group & 63] as number;
  return at + 4;
}

/** The six bits of each character code; 64 for characters that are not in the alphabet. */
const BITS = new Uint8Array(256).fill(64);
for (const [bits, code] of ALPHABET.entries()) BITS[code] = bits;

/** The parts of an id that was read. */
export class ReadId {
  epoch = 0;
  sequence = 0;
  tagHigh = 0;
  tagLow = 0;
  microseconds = 0;
  readonly #bytes = Buffer.alloc((ID_LENGTH / 4) * 3);

  /** @returns whether the text has the form of an id */
  read(text: Uint8Array, start: number, end: number): boolean {
    if (end - start !== ID_LENGTH) return false;
    const bytes = this.#bytes;
    let wrong = 0;
    for (let from = start, to = 0; from < end; from += 4, to += 3) {
      const a = BITS[text[from] as number] as number;
      const b = BITS[text[from + 1] as number] as number;
      const c = BITS[text[from + 2] as number] as number;
      const d = BITS[text[from + 3] as number] as number;
      wrong |= (a | b | c | d) & 64;
      const group = (a << 18) | (b << 12) | (c << 6) | d;
      bytes[to] = group >>> 16;
      bytes[to + 1] = group >>> 8;
      bytes[to + 2] = group;
    }
    if (wrong !== 0) return false;
    this.epoch = bytes.readUInt32BE(0);
    this.sequence = bytes.readUIntBE(4, 6);
    this.tagHigh = bytes.readUInt32BE(10);
    this.tagLow = bytes.readUInt32BE(14);
    this.microseconds = bytes.readUIntBE(18, 3);
    return true;
  }
}
