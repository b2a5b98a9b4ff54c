import { dirname } from 'node:path';
import { DatabaseFault } from './database-fault.ts';
import { SqliteError } from './sqlite-thread.ts';

// Primary result codes (sqlite.org/rescode.html).
const BUSY = 5;
const READ_ONLY = 8;
const IO = 10;
const CORRUPT = 11;
const FULL = 13;
const CAN_NOT_OPEN = 14;
const NOT_A_DATABASE = 26;

/** Translates an error of SQLite into a fault with the file and the remedy. Returns other errors unchanged. */
export function sqliteFault(file: string, error: unknown): unknown {
  if (!(error instanceof SqliteError)) return error;
  const options = { cause: error };
  switch (error.code) {
    case BUSY:
      return new DatabaseFault(
        'in_use',
        `${file} is used by another process: end that one, or name another folder by --data-dir`,
        options,
      );
    case FULL:
      return new DatabaseFault('full', `${file}: the disk is full; make room on it`, options);
    case READ_ONLY:
      return new DatabaseFault(
        'read_only',
        `${file} can't be written to: check its owner, its permissions and its mount`,
        options,
      );
    case CAN_NOT_OPEN:
      return new DatabaseFault(
        'read_only',
        `${file} can't be opened: check the owner, the permissions and the mount of ${dirname(file)}`,
        options,
      );
    case NOT_A_DATABASE:
      return new DatabaseFault(
        'foreign',
        `${file} is not a database of ostiary: move it away, or name another folder`,
        options,
      );
    case CORRUPT:
      return new DatabaseFault(
        'foreign',
        `${file} is damaged: move it away for a new one, or bring a copy back`,
        options,
      );
    case IO:
      return new DatabaseFault('failed', `${file}: the disk has failed (${error.message}); check it`, options);
    default:
      return new DatabaseFault('failed', `${file}: ${error.message}`, options);
  }
}
