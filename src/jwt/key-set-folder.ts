import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sentenceOf, UserError } from '../errors.ts';
import type { FileAccess } from '../file-access.ts';

/** The text of the last fetch of a key set. */
export interface StoredKeySet {
  readonly text: string;
  /** Milliseconds since the Unix epoch. */
  readonly fetchedAt: number;
}

/** Keeps key sets beyond the end of the process. */
export interface KeySetStore {
  /**
   * Never rejects.
   * @returns undefined if there is none, or none that may be used
   */
  read(url: string): Promise<StoredKeySet | undefined>;
  /** Never rejects: a set that can't be stored is still used. */
  write(url: string, set: StoredKeySet): Promise<void>;
}

export interface KeySetFolderOptions {
  readonly folder: string;
  readonly access: FileAccess;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** The user that this process runs as; undefined on systems without user ids. */
  readonly userId: number | undefined;
  /** Called with a sentence that says why a set was not stored or not used, never with its content. */
  readonly onFault: (message: string) => void;
}

/** Older sets are not used: they may contain a key that was withdrawn since. */
const MAX_AGE_MS = 24 * 3_600_000;
/** The most that the clocks of two machines that share the folder may differ. */
const MAX_FUTURE_MS = 5 * 60_000;
/** Enough for the largest set, whose JSON is escaped inside JSON. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Opens a folder that keeps key sets, one file each, readable only by ostiary's user. Whoever can write there can
 * sign tokens, so a folder or file that others may write to is refused, at the start and at each use: others who can
 * rename the folder could replace it at any moment.
 * @throws UserError (rejects with it) if the folder is not safe
 */
export async function openKeySetFolder(options: KeySetFolderOptions): Promise<KeySetStore> {
  const { folder, access, now, userId, onFault } = options;
  const fail = (why: string): never => {
    throw new UserError(`--key-set-folder ${folder}: ${why}`);
  };
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') fail(sentenceOf(error));
  });
  const unfit = await unfitness(options);
  if (unfit !== undefined) fail(unfit);
  return {
    async read(url) {
      const path = pathOf(folder, url);
      try {
        const why = await unfitness(options);
        if (why !== undefined) throw new Error(why);
        const set = parse((await access.read(path, MAX_FILE_BYTES, userId)).toString('utf8'), url);
        const ageMs = now() - set.fetchedAt;
        if (ageMs > MAX_AGE_MS) throw new Error('is older than a day');
        if (ageMs < -MAX_FUTURE_MS) throw new Error('has a time that is yet to come');
        return set;
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code !== 'ENOENT')
          onFault(`${path}: the key set is not used: ${code === undefined ? message : sentenceOf(error)}`);
        return undefined;
      }
    },
    async write(url, set) {
      const path = pathOf(folder, url);
      try {
        const why = await unfitness(options);
        if (why !== undefined) throw new Error(why);
        await access.replace(path, format(set, url));
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        onFault(`${path}: the key set is not kept: ${code === undefined ? message : sentenceOf(error)}`);
      }
    },
  };
}

/** Says why others could put keys there; undefined if they can't. */
async function unfitness({ folder, access, userId }: KeySetFolderOptions): Promise<string | undefined> {
  const status = await access.stat(folder);
  if (!status.isDirectory()) return 'expected a folder';
  const danger = 'and who can write a key set can sign tokens';
  if (userId !== undefined && status.uid !== userId && status.uid !== 0) {
    return `the folder belongs to another user (${status.uid}), ${danger}: let ostiary create it, or chown it`;
  }
  if ((status.mode & 0o022) !== 0) return `others may write to the folder, ${danger}: chmod 0700`;
  return undefined;
}

/** The name of a file is a hash, since a URL can hold a secret, and characters that file names can't have. */
function pathOf(folder: string, url: string): string {
  return join(folder, `${sha256(url)}.json`);
}

function format({ text, fetchedAt }: StoredKeySet, url: string): string {
  const content = { urlSha256: sha256(url), fetchedAt, text };
  return `${JSON.stringify({ ...content, sha256: sha256(JSON.stringify(content)) })}\n`;
}

/** @throws Error if the file is not valid; the message says why */
function parse(file: string, url: string): StoredKeySet {
  let fields: Partial<Record<'urlSha256' | 'fetchedAt' | 'text' | 'sha256', unknown>>;
  try {
    fields = Object(JSON.parse(file)) as typeof fields;
  } catch {
    throw new Error('is no JSON');
  }
  const { urlSha256, fetchedAt, text } = fields;
  if (sha256(JSON.stringify({ urlSha256, fetchedAt, text })) !== fields.sha256) {
    throw new Error('does not match its checksum');
  }
  if (urlSha256 !== sha256(url)) throw new Error('is of another URL');
  if (typeof fetchedAt !== 'number' || typeof text !== 'string') throw new Error('lacks its time or its text');
  return { text, fetchedAt };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
