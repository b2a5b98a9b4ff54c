import { lstat, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sentenceOf, UserError } from '../../errors.ts';
import { count } from '../count.ts';
import { MANIFEST, manifestText, parseManifest } from './manifest.ts';
import { EVERYTHING } from './sight.ts';

export interface Folder {
  readonly path: string;
  /** What was asked for: a folder holds one thing. */
  readonly scope: string;
  /** Write over files that are there and not in the manifest. */
  readonly overwrite: boolean;
  /** How much the caller sees, as {@link sightOf} tells; absent: everything that belongs here. */
  readonly seen?: string;
  /** Of the files; absent: as the system makes them. */
  readonly mode?: number;
}

export interface FolderChanges {
  readonly written: readonly string[];
  readonly unchanged: number;
  readonly deleted: readonly string[];
  /** Of others who see what the caller does not: as they were. */
  readonly kept: readonly string[];
}

/**
 * Makes a folder hold these files. What is there and was not written by ostiary stays, and is not written over unless that
 * is asked for. No link is followed out of the folder.
 * @param files by path below the folder, with `/`
 * @throws UserError (rejects with it); nothing is written then, or the disk failed
 */
export async function writeFolder(files: ReadonlyMap<string, string>, folder: Folder): Promise<FolderChanges> {
  const { path, scope, overwrite, seen = EVERYTHING } = folder;
  try {
    const known = await readManifest(folder);
    /** What somebody has exported who may see more of it. */
    const isOfOthers = (file: string): boolean => seen !== EVERYTHING && (known.get(file) ?? seen) !== seen;
    const kept: string[] = [];
    refuseTwice(files);
    for (const file of files.keys()) await refuseLinks(path, file);
    const written: string[] = [];
    for (const [file, text] of files) {
      const before = await contentOf(join(path, file));
      if (before === text) continue;
      if (before !== undefined && !known.has(file) && !overwrite) {
        throw new UserError(`${join(path, file)} is there already: nothing is written; --overwrite writes over it`);
      }
      if (before !== undefined && isOfOthers(file) && !namesIn(before).isSubsetOf(namesIn(text))) kept.push(file);
      else written.push(file);
    }
    const absentNow = [...known.keys()].filter((file) => !files.has(file)).toSorted();
    const gone = absentNow.filter((file) => !isOfOthers(file));
    kept.push(...absentNow.filter((file) => isOfOthers(file)));
    const mine = [...files.keys()].filter((file) => !kept.includes(file));
    const after = new Map([
      ...mine.map((file) => [file, seen] as const),
      ...kept.map((file) => [file, known.get(file) ?? seen] as const),
    ]);
    for (const file of gone) await refuseLinks(path, file);
    await mkdir(path, { recursive: true });
    // Should it break off, the next time knows of all of them.
    await replace(join(path, MANIFEST), manifestText(scope, new Map([...known, ...after])));
    for (const file of written) {
      const target = join(path, file);
      await mkdir(dirname(target), { recursive: true });
      await replace(target, files.get(file) ?? '', folder.mode);
    }
    for (const file of gone) {
      await rm(join(path, file), { force: true });
      await removeEmpty(path, dirname(file));
    }
    await replace(join(path, MANIFEST), manifestText(scope, after));
    return { written, unchanged: mine.length - written.length, deleted: gone, kept };
  } catch (error) {
    if (error instanceof UserError || !(error instanceof Error && 'code' in error)) throw error;
    throw new UserError(`${path}: ${sentenceOf(error)}`);
  }
}

/** For people: what became of the folder. */
export function changesText({ written, unchanged, deleted, kept }: FolderChanges, path: string): string {
  const told = `${path}: ${count(written.length, 'file')} written, ${unchanged} as before, ${deleted.length} deleted`;
  return kept.length === 0 ? told : `${told}, ${kept.length} kept`;
}

/** Which resources a file of ours holds. */
function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.split(/^---$/m).flatMap((each) => /^ {2}name: .*$/m.exec(each)?.[0] ?? []));
}

/** File systems that do not tell case apart would make one of two. @throws UserError */
function refuseTwice(files: ReadonlyMap<string, string>): void {
  const lower = new Map<string, string>();
  for (const file of files.keys()) {
    const other = lower.get(file.toLowerCase());
    if (other !== undefined) throw new UserError(`two resources would be in the same file: ${other} and ${file}`);
    lower.set(file.toLowerCase(), file);
  }
}

/** @throws UserError where the path, or a folder on the way, is a link */
async function refuseLinks(root: string, file: string): Promise<void> {
  const parts = file.split('/');
  for (let length = 1; length <= parts.length; length += 1) {
    const at = join(root, ...parts.slice(0, length));
    const found = await lstat(at).catch(absent);
    if (found === undefined) return;
    const isLast = length === parts.length;
    if (isLast ? !found.isFile() : !found.isDirectory()) {
      throw new UserError(
        `${at} is ${found.isSymbolicLink() ? 'a link' : 'in the way'}: remove it, or use another folder`,
      );
    }
  }
}

async function contentOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(absent);
}

function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}

async function replace(path: string, text: string, mode?: number): Promise<void> {
  const unfinished = `${path}.unfinished`;
  await rm(unfinished, { force: true });
  await writeFile(unfinished, text, { flag: 'wx', ...(mode !== undefined && { mode }) });
  await rename(unfinished, path);
}

async function removeEmpty(root: string, folder: string): Promise<void> {
  for (let at = folder; at !== '.' && at !== ''; at = dirname(at)) {
    const path = join(root, at);
    const left = await readdir(path).catch(absent);
    if (left === undefined) continue;
    if (left.length > 0) return;
    await rmdir(path);
  }
}

/** @throws UserError where the folder holds something else, or the manifest was changed */
async function readManifest({ path, scope }: Folder): Promise<ReadonlyMap<string, string>> {
  const manifest = join(path, MANIFEST);
  await refuseLinks(path, MANIFEST);
  const text = await contentOf(manifest);
  if (text === undefined) return new Map();
  const { bad, files, scope: held } = parseManifest(text);
  if (held !== scope) {
    const [has, wanted] = [held?.slice(0, 200), scope].map((each) => JSON.stringify(each));
    throw new UserError(`${path} holds ${has} and not ${wanted}: use another folder`);
  }
  if (bad !== undefined) {
    throw new UserError(
      `${manifest} names ${JSON.stringify(bad.slice(0, 200))}, which ostiary has not written: remove that line`,
    );
  }
  return files;
}
