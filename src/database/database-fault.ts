import { UserError } from '../errors.ts';

/**
 * - `in_use`: another process has the file.
 * - `full`: no room on the disk.
 * - `read_only`, `no_folder`: the place can't be written to, or is not there.
 * - `foreign`: no database, or another program's; or damaged.
 * - `newer`: a newer ostiary has changed its tables.
 * - `unreachable`: the server does not answer; `refused`: it does not let us in.
 * - `failed`: anything else.
 */
export type DatabaseFaultKind =
  | 'in_use'
  | 'full'
  | 'read_only'
  | 'no_folder'
  | 'foreign'
  | 'newer'
  | 'unreachable'
  | 'refused'
  | 'failed';

/** An operation of a database failed. The message names the database and the remedy, and never contains a password. */
export class DatabaseFault extends UserError {
  override name = 'DatabaseFault';
  readonly kind: DatabaseFaultKind;
  constructor(kind: DatabaseFaultKind, message: string, options?: ErrorOptions) {
    super(message, 1, options);
    this.kind = kind;
  }
}
