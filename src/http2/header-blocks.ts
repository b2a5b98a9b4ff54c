import type { Share } from '../listen/budget.ts';
import { enough } from './error-code.ts';
import { HpackDecoder } from './hpack/decoder.ts';
import type { Limits } from './limits.ts';
import { HeadBuilder } from './request-head.ts';
import type { RequestHead } from './request-head.ts';

/** Blocks longer than this are decoded each time. */
const LONGEST_REMEMBERED = 512;

/** A block that HEADERS began and CONTINUATION has not ended yet. */
export interface OpenBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  /** When its HEADERS arrived. */
  readonly sinceMs: number;
  /** RFC 9113, 5.3.1 of the old priorities: a stream that depends on itself. */
  readonly dependsOnItself: boolean;
  fragments: Buffer;
  continuations: number;
}

/** Header blocks of one connection: assembles, bounds and decodes them, and remembers them while they repeat. */
export class HeaderBlocks {
  readonly #decoder: HpackDecoder;
  readonly #builder: HeadBuilder;
  readonly #limits: Limits;
  readonly #memory: Share;
  #known: RequestHead | undefined;
  #knownGeneration = 0;
  #knownLength = 0;
  #knownOctets = Buffer.alloc(0);

  /**
   * @param memory pays for blocks that are not whole
   * @param keepsAll of the fields of requests
   */
  constructor(limits: Limits, memory: Share, keepsAll: boolean) {
    this.#limits = limits;
    this.#memory = memory;
    this.#decoder = new HpackDecoder(limits.headerTableBytes);
    this.#builder = new HeadBuilder(limits.maxHeaderListBytes, keepsAll);
  }

  /**
   * Clients repeat themselves: while the HPACK table does not change, an equal block means the same as the last one.
   */
  request(block: Buffer, start: number, end: number): RequestHead {
    const known = this.#known;
    const decoder = this.#decoder;
    if (known !== undefined && this.#knownGeneration === decoder.generation && this.#isKnown(block, start, end)) {
      return known;
    }
    const generation = decoder.generation;
    decoder.decode(block, start, end, this.#builder);
    const head = this.#builder.finish();
    if (generation === decoder.generation) this.#remember(head, block, start, end);
    return head;
  }

  /** @returns false if the fields can't be trailers. */
  trailers(block: Buffer, start: number, end: number): boolean {
    this.#decoder.decode(block, start, end, this.#builder);
    return this.#builder.finishTrailers();
  }

  /** Adds a fragment, within bounds against a CONTINUATION flood. */
  extend(open: OpenBlock, buffer: Buffer, start: number, end: number): void {
    const bytes = open.fragments.length + (end - start);
    if (bytes > this.#limits.maxHeaderBlockBytes) throw enough('header_block_too_large');
    if (open.continuations > this.#limits.maxContinuations) throw enough('continuation_flood');
    if (!this.#memory.take(end - start)) throw enough('request_buffer_full');
    open.fragments = Buffer.concat([open.fragments, buffer.subarray(start, end)], bytes);
  }

  /** The block is whole, or its connection gone. */
  release(open: OpenBlock): void {
    this.#memory.give(open.fragments.length);
  }

  #isKnown(block: Buffer, start: number, end: number): boolean {
    if (end - start !== this.#knownLength) return false;
    const octets = this.#knownOctets;
    for (let i = 0; i < this.#knownLength; i++) if (octets[i] !== block[start + i]) return false;
    return true;
  }

  #remember(head: RequestHead, block: Buffer, start: number, end: number): void {
    const length = end - start;
    if (length > LONGEST_REMEMBERED) return;
    if (this.#knownOctets.length < length) this.#knownOctets = Buffer.alloc(length * 2);
    block.copy(this.#knownOctets, 0, start, end);
    this.#knownLength = length;
    this.#knownGeneration = this.#decoder.generation;
    this.#known = head;
  }
}
