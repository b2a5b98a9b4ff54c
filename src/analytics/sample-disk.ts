import { appendFile, mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Timers } from '../clock.ts';
import type { KeptSample } from './sample-pool.ts';
import type { SampledRequest } from './sampled-request.ts';

/** A sample as a file has it. A later line replaces an earlier one of the same name. */
interface Line extends SampledRequest {
  readonly name: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** A sample that was written before this process started. */
export interface RestoredSample extends SampledRequest {
  readonly keptAt: number;
}

export interface SampleDiskPorts {
  readonly timers: Timers;
  /** A folder for our own files; made if it is not there. */
  readonly folder: string;
  /** Which of the processes that share the folder this is: 1, 2, … */
  readonly part: number;
  /** Of how many. */
  readonly parts: number;
  /** Tells names apart that several processes give: drawn at the start. */
  readonly epoch: string;
  /** @param isNew whether the last attempt had worked */
  failed(error: unknown, isNew: boolean): void;
  recovered(): void;
}

const EVERY_MS = 1000;
/** Made into text at once: about a millisecond. */
const LINES_A_TIME = 100;
/** Beyond it, what is kept is written anew into another file, and the older ones are deleted. */
const MOST_FILE_BYTES = 8 * 1024 * 1024;
/** However much changes meanwhile. */
const MOST_ANEW_BYTES = 2 * MOST_FILE_BYTES;
const FILE = /^part-(\d+)-(\d+)\.ndjson$/;

/**
 * Writes samples to files, a little each second, off the thread that decides: only making the text is done on it. What a
 * killed process has not written is lost: the last second or two.
 */
export class SampleDisk {
  readonly #ports: SampleDiskPorts;
  /** Samples that are to be written, in the order of their change. A pool adds and removes them. */
  readonly changed = new Set<KeptSample>();
  readonly #all: () => Iterable<KeptSample>;
  /** The files of earlier numbers are deleted when everything is in the current one. */
  #older: string[] = [];
  #number = 1;
  #bytes = 0;
  #isFailing = false;
  #isClosed = false;
  #cancel = (): void => {};
  #writing: Promise<void> = Promise.resolve();

  /** @param all everything that is kept now */
  constructor(ports: SampleDiskPorts, all: () => Iterable<KeptSample>) {
    this.#ports = ports;
    this.#all = all;
  }

  /** Reads what earlier processes have written; unreadable lines and files are left out. Never rejects. */
  async restore(): Promise<readonly RestoredSample[]> {
    const { folder } = this.#ports;
    const lines = new Map<string, RestoredSample>();
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const { name, number } of await this.#files()) {
        const path = join(folder, name);
        this.#older.push(path);
        this.#number = Math.max(this.#number, number + 1);
        for (const text of (await readFile(path, 'utf8')).split('\n')) {
          const line = lineOf(text);
          if (line !== undefined) lines.set(line.name, { keptAt: line.at, event: line.event, steps: line.steps });
        }
      }
    } catch (error) {
      this.#failed(error);
    }
    return [...lines.values()].toSorted((a, b) => a.keptAt - b.keptAt);
  }

  /** Begins to write. */
  start(): void {
    for (const sample of this.#all()) this.changed.add(sample);
    this.#schedule();
  }

  /** Settles when what is being written is. Never rejects. */
  written(): Promise<void> {
    return this.#writing;
  }

  /** Writes what has changed, and ends. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#writing;
    do await this.#writeSome();
    while (this.changed.size > 0 && !this.#isFailing);
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#cancel = this.#ports.timers.after(EVERY_MS, () => {
      this.#writing = this.#writeSome().then(() => this.#schedule());
    });
  }

  async #writeSome(): Promise<void> {
    const some = [...this.changed].slice(0, LINES_A_TIME);
    for (const sample of some) this.changed.delete(sample);
    const text = some.map((sample) => this.#textOf(sample)).join('');
    try {
      if (text !== '') await appendFile(this.#path(), text, { mode: 0o600 });
      this.#bytes += text.length;
      if (this.#older.length > 0 && (this.changed.size === 0 || this.#bytes > MOST_ANEW_BYTES))
        await this.#deleteOlder();
      else if (this.#older.length === 0 && this.#bytes > MOST_FILE_BYTES) this.#beginAnew();
      if (this.#isFailing) this.#ports.recovered();
      this.#isFailing = false;
    } catch (error) {
      // What was written in part is read as far as it is whole, and replaced by its repetition.
      for (const sample of some) this.changed.add(sample);
      this.#failed(error);
    }
  }

  #beginAnew(): void {
    this.#older = [this.#path()];
    this.#number += 1;
    this.#bytes = 0;
    for (const sample of this.#all()) this.changed.add(sample);
  }

  async #deleteOlder(): Promise<void> {
    for (const path of this.#older) await unlink(path);
    this.#older = [];
  }

  #failed(error: unknown): void {
    this.#ports.failed(error, !this.#isFailing);
    this.#isFailing = true;
  }

  /** Those of this part, and, for the first, those of parts that there are no longer. In the order of their writing. */
  async #files(): Promise<readonly { readonly name: string; readonly number: number }[]> {
    const { folder, part, parts } = this.#ports;
    const files = (await readdir(folder)).flatMap((name) => {
      const [, of, number] = FILE.exec(name) ?? [];
      const isOurs = Number(of) === part || (part === 1 && Number(of) > parts);
      return isOurs ? [{ name, number: Number(number) }] : [];
    });
    return files.toSorted((a, b) => a.number - b.number);
  }

  #path(): string {
    return join(this.#ports.folder, `part-${this.#ports.part}-${this.#number}.ndjson`);
  }

  #textOf({ sequence, keptAt, sampled: { event, steps } }: KeptSample): string {
    const line: Line = { name: `${this.#ports.epoch}.${sequence}`, at: keptAt, event, steps };
    return `\n${JSON.stringify(line)}`;
  }
}

function lineOf(text: string): Line | undefined {
  if (text === '') return undefined;
  try {
    const line = JSON.parse(text) as Partial<Line>;
    const isWhole =
      typeof line.name === 'string' &&
      Number.isFinite(line.at) &&
      Number.isFinite(line.event?.receivedAt) &&
      Array.isArray(line.event?.responseFlags) &&
      Array.isArray(line.steps);
    return isWhole ? (line as Line) : undefined;
  } catch {
    // Written in part, when its process was killed or the disk was full.
    return undefined;
  }
}
