import { createCipheriv, randomBytes } from 'node:crypto';
import type { Cipheriv } from 'node:crypto';

/** Of one sequence. */
export const TAG_BYTES = 8;

/** How many sequences have their tags made at once: some microseconds for 8 KB. */
export const SEQUENCES_PER_BLOCK = 1024;

const AES_BLOCK_BYTES = 16;
const ZEROS = Buffer.alloc(SEQUENCES_PER_BLOCK * TAG_BYTES);

/** Blocks that are kept. Entries come in about the order of their decisions. A power of two. */
const KEPT = 16;

/** Where ids of decisions come from: one process, from its start to its end. */
export interface Epoch {
  /** Drawn at the start: 32 bits. */
  readonly number: number;
  /** Drawn at the start: 16 bytes. Whoever has it can make ids. */
  readonly key: Buffer;
}

export function drawEpoch(): Epoch {
  return { number: randomBytes(4).readUInt32BE(), key: randomBytes(16) };
}

/**
 * The tags of one epoch: that of a sequence is the 8 bytes at 8 × sequence of the key stream of AES-128 in counter mode
 * (NIST SP 800-38A, 6.5), so that none can be guessed without the key, and each can be made again at any time.
 */
export class Tags {
  readonly #epoch: Epoch;
  readonly #numbers: number[] = Array.from({ length: KEPT }, () => -1);
  readonly #blocks: Buffer[] = [];

  constructor(epoch: Epoch) {
    this.#epoch = epoch;
  }

  /** Those of the sequences from `block` × {@link SEQUENCES_PER_BLOCK} on. */
  block(block: number): Buffer {
    const place = block & (KEPT - 1);
    if (this.#numbers[place] === block) return this.#blocks[place] as Buffer;
    const made = cipherAt(this.#epoch, (block * ZEROS.length) / AES_BLOCK_BYTES).update(ZEROS);
    this.#numbers[place] = block;
    this.#blocks[place] = made;
    return made;
  }

  /** All of them from the first on, a block at each call. */
  stream(): () => Buffer {
    const cipher = cipherAt(this.#epoch, 0);
    return () => cipher.update(ZEROS);
  }

  /** @param high the first four bytes of what is held to be its tag @param low the last four */
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
