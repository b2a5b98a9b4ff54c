import { createCipheriv, randomBytes } from 'node:crypto';
import type { Cipheriv } from 'node:crypto';

/** The size of the tag of one sequence. */
export const TAG_BYTES = 8;

/** The tags of this many sequences are made at once: some microseconds for 8 KB. */
export const SEQUENCES_PER_BLOCK = 1024;

const AES_BLOCK_BYTES = 16;
const ZEROS = Buffer.alloc(SEQUENCES_PER_BLOCK * TAG_BYTES);

/** The number of blocks in the cache; a power of two. Entries arrive roughly in the order of their decisions. */
const KEPT = 16;

/** Identifies one process from its start to its end, as the origin of decision ids. */
export interface Epoch {
  /** 32 random bits, drawn at the start. */
  readonly number: number;
  /** 16 random bytes, drawn at the start. Whoever has them can make ids. */
  readonly key: Buffer;
}

/** As slots have it: eight hexadecimal digits. */
export function epochText(epoch: number): string {
  return epoch.toString(16).padStart(8, '0');
}

export function drawEpoch(): Epoch {
  return { number: randomBytes(4).readUInt32BE(), key: randomBytes(16) };
}

/**
 * The tags of one epoch. The tag of a sequence is the 8 bytes at 8 × sequence of the key stream of AES-128 in counter
 * mode (NIST SP 800-38A, 6.5). Without the key no tag can be guessed, and with it each tag can be computed again at
 * any time.
 */
export class Tags {
  readonly #epoch: Epoch;
  readonly #numbers: number[] = Array.from({ length: KEPT }, () => -1);
  readonly #blocks: Buffer[] = [];

  constructor(epoch: Epoch) {
    this.#epoch = epoch;
  }

  /** The tags of the sequences from `block` × {@link SEQUENCES_PER_BLOCK} on. */
  block(block: number): Buffer {
    const place = block & (KEPT - 1);
    if (this.#numbers[place] === block) return this.#blocks[place] as Buffer;
    const made = cipherAt(this.#epoch, (block * ZEROS.length) / AES_BLOCK_BYTES).update(ZEROS);
    this.#numbers[place] = block;
    this.#blocks[place] = made;
    return made;
  }

  /** Returns a function that returns the next block at each call, from the first on. */
  stream(): () => Buffer {
    const cipher = cipherAt(this.#epoch, 0);
    return () => cipher.update(ZEROS);
  }

  /**
   * @param high the first four bytes of the claimed tag
   * @param low the last four
   */
  isTag(sequence: number, high: number, low: number): boolean {
    const block = Math.floor(sequence / SEQUENCES_PER_BLOCK);
    const at = (sequence - block * SEQUENCES_PER_BLOCK) * TAG_BYTES;
    const tags = this.block(block);
    return tags.readUInt32BE(at) === high && tags.readUInt32BE(at + 4) === low;
  }
}

function cipherAt({ key }: Epoch, block: number): Cipheriv {
  const counter = Buffer.alloc(AES_BLOCK_BYTES);
  counter.writeUIntBE(block, 10, 6);
  return createCipheriv('aes-128-ctr', key, counter);
}
