import type { Lookups, Variables } from './environment.ts';

/** What documents may read. */
export interface DocumentAccess {
  readonly variables: Variables;
  readonly unset?: Lookups['unset'];
  /**
   * @param path as it is written, where the document stands in no file
   * @throws FileFault, UnknownFile, or the system's error
   */
  readFile(path: string, maxBytes: number): Promise<Buffer>;
}

export interface MixedAccess extends DocumentAccess {
  /** What documents may read that stand in no file: others have sent them. Absent: the same. */
  readonly ofResources?: DocumentAccess | undefined;
}

/** @param file in which the document stands; undefined: in none */
export function accessOf(file: string | undefined, access: MixedAccess): DocumentAccess {
  return file === undefined ? (access.ofResources ?? access) : access;
}
