import { mkdir, readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { SlotPartSchema } from '../../gen/ostiary/v1/telemetry_pb.js';
import type { Slot } from '../rollup/slot.ts';
import { readPart } from './read-slot.ts';
import { partsOf } from './slot-message.ts';
import type { SlotSpool } from './unacknowledged.ts';

export interface SpoolOptions {
  /** A folder of its own; made if it is not there. */
  readonly folder: string;
  readonly node: string;
  readonly mostBytes: number;
}

export interface SpoolEvents {
  /** Called once when slots can't be written or read. */
  failed(error: unknown): void;
  /** Called once when it works again. */
  recovered(): void;
  /** There is no room for this one any more. */
  evicted(epoch: string, sequence: number): void;
}

export interface SpooledSlot {
  readonly epoch: string;
  readonly sequence: number;
}

const FILE = /^([0-9a-f]{8})-(\d{1,15})\.slot$/;
const FORM = 1;
/** Length of a part and its checksum. */
const HEAD_BYTES = 8;
/** Of files that an earlier process has left. */
const MOST_READ = 100_000;

/**
 * A file for each slot that is not acknowledged, so that it outlives a restart. A file is written whole under another
 * name first. What is torn or damaged is told by its checksum, and left out.
 */
export class SlotFiles implements SlotSpool {
  readonly #options: SpoolOptions;
  readonly #events: SpoolEvents;
  /** By file name, in the order of writing: its bytes. */
  readonly #files = new Map<string, number>();
  #bytes = 0;
  #isFailing = false;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(options: SpoolOptions, events: SpoolEvents) {
    this.#options = options;
    this.#events = events;
  }

  /**
   * Opens the folder.
   * @returns what an earlier process has left, the oldest first; never rejects
   */
  async open(): Promise<readonly SpooledSlot[]> {
    const { folder } = this.#options;
    const found: { readonly name: string; readonly at: number; readonly bytes: number }[] = [];
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const name of (await readdir(folder)).slice(0, MOST_READ)) {
        const path = join(folder, name);
        if (!FILE.test(name)) await unlink(path).catch(() => {});
        else {
          const { mtimeMs, size } = await stat(path);
          found.push({ name, at: mtimeMs, bytes: size });
        }
      }
    } catch (error) {
      this.#failed(error);
    }
    found.sort((a, b) => a.at - b.at || sequenceOf(a.name) - sequenceOf(b.name));
    for (const { name, bytes } of found) this.#note(name, bytes);
    this.#evict();
    return [...this.#files.keys()].map((name) => ({ epoch: name.slice(0, 8), sequence: sequenceOf(name) }));
  }

  keep(slot: Slot): Promise<boolean> {
    // One after the other: each is made in small steps, between Checks.
    const written = this.#writing.then(() => this.#write(slot));
    this.#writing = written;
    return written;
  }

  /** Resolves when everything that was to be kept is. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async load(epoch: string, sequence: number): Promise<Slot | undefined> {
    const name = nameOf(epoch, sequence);
    try {
      const slot = read(await readFile(join(this.#options.folder, name)), this.#options.node);
      this.#worked();
      return slot;
    } catch (error) {
      if (this.#files.has(name)) this.#failed(error);
      return undefined;
    }
  }

  remove(epoch: string, sequence: number): void {
    this.#forget(nameOf(epoch, sequence));
  }

  async #write(slot: Slot): Promise<boolean> {
    const name = nameOf(slot.epoch, slot.sequence);
    const path = join(this.#options.folder, name);
    try {
      const chunks: Uint8Array[] = [Uint8Array.of(FORM)];
      for (const part of partsOf(slot)) {
        const bytes = toBinary(SlotPartSchema, part);
        const head = Buffer.alloc(HEAD_BYTES);
        head.writeUInt32LE(bytes.length, 0);
        head.writeUInt32LE(crc32(bytes), 4);
        chunks.push(head, bytes);
        await pause();
      }
      const content = Buffer.concat(chunks);
      await writeFile(`${path}.new`, content, { mode: 0o600 });
      await rename(`${path}.new`, path);
      this.#note(name, content.length);
      this.#worked();
      this.#evict();
      return this.#files.has(name);
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  #note(name: string, bytes: number): void {
    this.#bytes += bytes - (this.#files.get(name) ?? 0);
    this.#files.set(name, bytes);
  }

  #evict(): void {
    for (const name of this.#files.keys()) {
      if (this.#bytes <= this.#options.mostBytes) return;
      this.#forget(name);
      this.#events.evicted(name.slice(0, 8), sequenceOf(name));
    }
  }

  #forget(name: string): void {
    const bytes = this.#files.get(name);
    if (bytes === undefined) return;
    this.#files.delete(name);
    this.#bytes -= bytes;
    void unlink(join(this.#options.folder, name)).catch(() => {});
  }

  #failed(error: unknown): void {
    if (!this.#isFailing) this.#events.failed(error);
    this.#isFailing = true;
  }

  #worked(): void {
    if (this.#isFailing) this.#events.recovered();
    this.#isFailing = false;
  }
}

/** @throws Error if the content is not what was written */
function read(content: Buffer, node: string): Slot {
  if (content[0] !== FORM) throw new Error('the file of a slot is of another version');
  let slot: Slot | undefined;
  for (let at = 1; at < content.length;) {
    const end = at + HEAD_BYTES + content.readUInt32LE(at);
    const bytes = content.subarray(at + HEAD_BYTES, end);
    if (end > content.length || crc32(bytes) !== content.readUInt32LE(at + 4))
      throw new Error('the file of a slot is damaged');
    const part = readPart(node, fromBinary(SlotPartSchema, bytes));
    slot = slot === undefined ? part : { ...slot, rows: [...slot.rows, ...part.rows] };
    at = end;
  }
  if (slot === undefined) throw new Error('the file of a slot is empty');
  return slot;
}

function nameOf(epoch: string, sequence: number): string {
  return `${epoch}-${sequence}.slot`;
}

function sequenceOf(name: string): number {
  return Number(FILE.exec(name)?.[2] ?? 0);
}
