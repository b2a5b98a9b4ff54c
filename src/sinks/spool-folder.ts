import { mkdir, open, readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { diskFault } from './disk.ts';
import type { Disk } from './disk.ts';
import { HEADER_BYTES, readHeader } from './segment.ts';

/** The owner of a spool: a process, and what distinguishes it from a later process with the same number. */
export interface Owner {
  readonly pid: number;
  /** When it started, in the kernel's ticks since the machine started; empty if the kernel does not say. */
  readonly started: string;
  readonly host: string;
}

export interface FoundSegment {
  readonly number: number;
  readonly first: number;
  readonly bytes: number;
}

export interface FoundSpool {
  /** In their order. */
  readonly segments: readonly FoundSegment[];
  /** Files that this version can't read. They stay for a version that can. */
  readonly kept: { readonly bytes: number; readonly problems: readonly string[] };
  readonly cursor: string;
}

const SEGMENT = /^(\d{12})\.events$/;
const OWN_FILE = /^(?:\d{12}\.(?:events|kept)|cursor|cursor\.new|owner)$/;

const SENTENCES: ReadonlyMap<string, string> = new Map([
  ['EACCES', "can't be written to: permission denied"],
  ['EPERM', "can't be written to: permission denied"],
  ['ENOTDIR', 'leads through a file as if it were a directory'],
  ['ENOENT', 'the folder that it is to be in does not exist'],
]);

export function segmentPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(12, '0')}.events`);
}

/**
 * Opens the folder of a spool, and marks it as owned by this process.
 * @throws UserError that names the folder and the remedy, if it can't be used, belongs to another process, or
 * contains other files
 */
export async function openSpoolFolder(folder: string, owner: Owner, disk: Disk): Promise<FoundSpool> {
  const refuse = (why: string): UserError => new UserError(`--events-spool ${folder}: ${why}`);
  try {
    await disk.step(() => makeFolder(dirname(folder)));
    await disk.step(() => makeFolder(folder));
    const { uid } = await disk.step(() => stat(folder));
    if (process.getuid !== undefined && uid !== process.getuid()) {
      throw refuse('belongs to another user: whoever can write there could forge events');
    }
    const names = await disk.step(() => readdir(folder));
    const strange = names.find((name) => !OWN_FILE.test(name));
    if (strange !== undefined) throw refuse(`holds ${strange}, which is not part of a spool: name an empty folder`);
    await takeOwnership(folder, owner, disk, refuse);
    return await readFolder(folder, names, disk);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const sentence = SENTENCES.get((error as NodeJS.ErrnoException).code ?? '') ?? diskFault(error);
    throw new UserError(`--events-spool ${folder}: ${sentence}`, 1, { cause: error });
  }
}

/** Does not create parent folders: on some file systems Node would try for ever. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Whether this process still owns the spool: another one may have claimed it, on a volume that both mount. */
export async function isOwned(folder: string, owner: Owner, disk: Disk): Promise<boolean> {
  return (await disk.step(() => readFile(join(folder, 'owner'), 'utf8'))) === ownerText(owner);
}

async function takeOwnership(
  folder: string,
  owner: Owner,
  disk: Disk,
  refuse: (why: string) => UserError,
): Promise<void> {
  const path = join(folder, 'owner');
  const known = await disk.step(() => readFile(path, 'utf8').catch(() => ''));
  const other = ownerOf(known);
  if (
    other !== undefined &&
    other.host === owner.host &&
    (await startedOf(other.pid)) === other.started &&
    !isSame(other, owner)
  ) {
    throw refuse(`is in use by the process ${other.pid}: each ostiary needs a folder of its own`);
  }
  await disk.step(() => writeFile(path, ownerText(owner), { mode: 0o600 }));
}

function isSame(one: Owner, other: Owner): boolean {
  return one.pid === other.pid && one.started === other.started;
}

function ownerText({ pid, started, host }: Owner): string {
  return `${pid} ${started} ${host}\n`;
}

function ownerOf(text: string): Owner | undefined {
  const [, pid, started = '', host = ''] = /^(\d+) (\d*) (.*)\n$/.exec(text) ?? [];
  return pid === undefined ? undefined : { pid: Number(pid), started, host };
}

/** When a running process started, as in {@link Owner.started}; undefined if no process has this number. */
export async function startedOf(pid: number): Promise<string | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name before it, in brackets, may contain anything.
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return isAlive(pid) ? '' : undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function readFolder(folder: string, names: readonly string[], disk: Disk): Promise<FoundSpool> {
  const segments: FoundSegment[] = [];
  const problems: string[] = [];
  let keptBytes = 0;
  for (const name of names.toSorted()) {
    const path = join(folder, name);
    const number = SEGMENT.exec(name)?.[1];
    if (number === undefined) {
      if (name.endsWith('.kept')) keptBytes += (await disk.step(() => stat(path))).size;
      if (name === 'cursor.new') await disk.step(() => unlink(path));
      continue;
    }
    const { header, bytes } = await readStart(path, disk);
    const found = readHeader(header);
    if ('first' in found) {
      segments.push({ number: Number(number), first: found.first, bytes });
    } else if (header.length < HEADER_BYTES) {
      // The process ended while it created the file: it is empty.
      await disk.step(() => unlink(path));
    } else {
      await disk.step(() => rename(path, path.replace(/\.events$/, '.kept')));
      keptBytes += bytes;
      problems.push(`${name} ${found.problem}`);
    }
  }
  const cursor = await disk.step(() => readFile(join(folder, 'cursor'), 'utf8').catch(() => ''));
  return { segments, kept: { bytes: keptBytes, problems }, cursor };
}

async function readStart(path: string, disk: Disk): Promise<{ readonly header: Buffer; readonly bytes: number }> {
  return disk.step(async () => {
    const file = await open(path, 'r');
    try {
      const header = Buffer.alloc(HEADER_BYTES);
      const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
      return { header: header.subarray(0, bytesRead), bytes: (await file.stat()).size };
    } finally {
      await file.close();
    }
  });
}
