import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cached, exclusively } from './cache.ts';
import { catalogue } from './catalogue.ts';
import type { Entry, PartName } from './catalogue.ts';
import { findOnPath } from './sources.ts';
import type { Source } from './sources.ts';

export type { PartName } from './catalogue.ts';

/** A real program can't be had on this machine; the message says why. */
export class PartMissing extends Error {
  override name = 'PartMissing';
}

const found = new Map<PartName, Promise<string>>();

/**
 * The absolute path of a real program: the one on PATH, else one that is downloaded or built
 * into `.cache/parts/` (the first call may take a minute).
 * @throws PartMissing
 */
export async function realPart(name: PartName): Promise<string> {
  let path = found.get(name);
  if (path === undefined) {
    path = find(name, catalogue[name]);
    found.set(name, path);
  }
  return path;
}

/**
 * For tests: the path, or undefined where the program can't be had, so that
 * `describe.skipIf(part === undefined)` skips them; a printed line says so. With `CI=true` a
 * missing part is a failure instead.
 */
export async function partOrSkip(name: PartName): Promise<string | undefined> {
  try {
    return await realPart(name);
  } catch (error) {
    if (!(error instanceof PartMissing) || process.env['CI'] === 'true') throw error;
    console.warn(`SKIPPED, no ${name}: ${error.message}`);
    return undefined;
  }
}

async function find(name: PartName, entry: Entry): Promise<string> {
  const installed = await findOnPath(name);
  const objections = [];
  if (installed !== undefined) {
    const objection = await tooOld(installed, entry);
    if (objection === undefined) return installed;
    objections.push(objection);
  }
  for (const source of entry.sources) {
    try {
      return await obtain(name, source);
    } catch (error) {
      objections.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new PartMissing(`${name} can't be had here: ${objections.join('; ')}`);
}

async function obtain(name: PartName, source: Source): Promise<string> {
  const { binary } = source;
  if (binary !== undefined) return join(await cached(source.id, (folder) => source.obtain(folder)), binary);
  return exclusively(source.id, async () => {
    const before = await findOnPath(name);
    if (before === undefined) await source.obtain('');
    const path = before ?? (await findOnPath(name));
    if (path === undefined) throw new Error(`${source.id} is installed, yet ${name} is not on PATH`);
    return path;
  });
}

async function tooOld(path: string, { version }: Entry): Promise<string | undefined> {
  if (version === undefined) return undefined;
  const { stdout } = await promisify(execFile)(path, version.args);
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)\.\d+/.exec(stdout) ?? []).map(Number);
  const [leastMajor, leastMinor] = version.atLeast;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined;
  return `${path} is ${major}.${minor}, older than ${leastMajor}.${leastMinor}`;
}
