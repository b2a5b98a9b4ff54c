import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupService } from '../../gen/ostiary/v1/backup_pb.js';
import { systemClock as clock } from '../clock.ts';
import { UserError } from '../errors.ts';
import { integer } from '../flags.ts';
import { writeBackupFile } from '../registry/backup-file.ts';
import { serverAddress } from './platform/server.ts';
import type { Caller } from './platform/server.ts';
import { streamApi } from './stream-call.ts';

export const backupFlags = {
  keep: {
    ...integer(0, 0, 10_000, 'of the backups in the folder, keep the latest N and delete the others'),
    shown: 'all',
  },
};

const FILE = /^ostiary-\d{8}T\d{6}Z\.backup\.gz$/;

/**
 * Writes everything that a running control plane holds to a file.
 * @param target a file; or a folder, in which the file is named after the time
 * @param keep so many in the folder; 0: all of them
 * @returns a sentence for people
 * @throws UserError
 */
export async function backUpFromServer(target: string, keep: number, caller: Caller): Promise<string> {
  const isFolder = target.endsWith('/') || (await isFolderAt(target));
  if (!isFolder && keep > 0) throw new UserError(`--keep is for a folder, and ${target} is a file: end it with a /`, 2);
  const file = isFolder ? join(target, fileNameAt(clock.now())) : target;
  const revision = await writeBackupFile(file, async (write) => {
    const check = new WholeBackup();
    let of = 0n;
    for await (const { content, head } of streamApi(BackupService.method.download, {}, serverAddress(caller))) {
      if (head !== undefined) of = head.revision;
      check.take(content);
      await write(content);
    }
    check.end(caller.values.server);
    return of;
  });
  const dropped = keep > 0 ? await dropOldest(target, keep) : 0;
  return `${file} holds everything up to revision ${revision}${dropped > 0 ? `; ${dropped} older deleted` : ''}`;
}

async function isFolderAt(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function fileNameAt(now: number): string {
  const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `ostiary-${time}.backup.gz`;
}

/** Their names are in the order of their times. Files of other names are not ours. */
async function dropOldest(folder: string, keep: number): Promise<number> {
  const ours = (await readdir(folder)).filter((name) => FILE.test(name)).sort();
  const old = ours.slice(0, Math.max(0, ours.length - keep));
  for (const name of old) await rm(join(folder, name), { force: true });
  return old.length;
}

const NEWLINE = 0x0a;

/** Sees to it that the last line has the digest of all others, and keeps no more than two lines. */
class WholeBackup {
  readonly #digest = createHash('sha256');
  #pieces: Uint8Array[] = [];
  /** The latest whole line: it may be the last one. */
  #line: Buffer | undefined;

  take(content: Uint8Array): void {
    let from = 0;
    for (let at = content.indexOf(NEWLINE); at >= 0; at = content.indexOf(NEWLINE, from)) {
      if (this.#line !== undefined) this.#digest.update(this.#line);
      this.#line = Buffer.concat([...this.#pieces, content.subarray(from, at + 1)]);
      this.#pieces = [];
      from = at + 1;
    }
    if (from < content.length) this.#pieces.push(content.subarray(from));
  }

  /** @throws UserError */
  end(server: string): void {
    const expected = JSON.stringify({ sha256: this.#digest.digest('hex') });
    if (this.#pieces.length === 0 && this.#line?.toString('utf8').trim() === expected) return;
    throw new UserError(`what ${server} has sent is no whole backup: try again`);
  }
}
