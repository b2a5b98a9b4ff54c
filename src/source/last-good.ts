import { promisify } from 'node:util';
import type { Clock } from '../clock.ts';
import { createCooperativeYield } from '../document/cooperative-yield.ts';
import type { Loaded, Place } from '../document/load.ts';
import { SourceText } from '../document/text/source-text.ts';
import { keyOf } from './document-keys.ts';
import type { Documents } from './document-keys.ts';

/** Documents of a part: compressed together. */
const PART = 1000;

interface Kept {
  readonly document: Loaded['document'];
  readonly createdAt: number | undefined;
  readonly withheld: Loaded['withheld'];
  readonly file: string | undefined;
  readonly line: number;
  readonly resource: string | undefined;
}

/**
 * The documents in force, kept small: a folder has them no longer once somebody has written others. They are compressed
 * on threads of Node.js' pool, so 100,000 contracts take some megabytes.
 */
export class LastGood {
  readonly #clock: Clock;
  #parts: Promise<readonly Buffer[]> = Promise.resolve([]);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the place of what was kept before. */
  keep(documents: Iterable<Loaded>): void {
    this.#parts = this.#compress(documents);
    // Whoever recalls them hears of it.
    this.#parts.catch(() => {});
  }

  async recall(): Promise<Documents> {
    const unzip = promisify(process.getBuiltinModule('node:zlib').gunzip);
    const found = new Map<string, Loaded>();
    for (const part of await this.#parts) {
      for (const kept of JSON.parse((await unzip(part)).toString()) as readonly Kept[]) {
        const { document, createdAt, withheld } = kept;
        const told = { ...(createdAt !== undefined && { createdAt }), ...(withheld !== undefined && { withheld }) };
        const loaded = { place: placeOf(kept), document, ...told } as Loaded;
        found.set(keyOf(loaded), loaded);
      }
    }
    return found;
  }

  async #compress(documents: Iterable<Loaded>): Promise<readonly Buffer[]> {
    const { gzip: zip, constants } = process.getBuiltinModule('node:zlib');
    const gzip = promisify(zip);
    const yieldIfDue = createCooperativeYield(this.#clock);
    const parts: Promise<Buffer>[] = [];
    let part: string[] = [];
    const close = (): void => {
      if (part.length > 0) parts.push(gzip(`[${part.join()}]`, { level: constants.Z_BEST_SPEED }));
      part = [];
    };
    for (const loaded of documents) {
      part.push(JSON.stringify(keptOf(loaded)));
      if (part.length === PART) close();
      const pause = yieldIfDue();
      if (pause !== undefined) await pause;
    }
    close();
    return Promise.all(parts);
  }
}

function keptOf({ document, createdAt, place, withheld }: Loaded): Kept {
  const own = { document, createdAt, withheld };
  if ('resource' in place) return { ...own, file: undefined, line: 0, resource: place.resource };
  const { line } = place.source.lineColumn(place.start);
  return { ...own, file: place.source.file, line, resource: undefined };
}

/** The same file and line; the text is gone. */
function placeOf({ file, line, resource = '' }: Kept): Place {
  if (file === undefined) return { resource };
  const lines = '\n'.repeat(line - 1);
  return { source: new SourceText(file, lines), start: lines.length, end: lines.length, prefix: [] };
}
