/** One thing that is wrong with a document, described so that its author can fix it. */
export interface Fault {
  readonly file: string;
  /** 1-based; 0 if the fault has no place in the file. */
  readonly line: number;
  readonly column: number;
  /** Such as `spec.policies[0].config.issuer`; empty for the document as a whole. */
  readonly field: string;
  /** What is wrong, what was expected, and the remedy if there is one. */
  readonly message: string;
  /** Absent: a fault, and the documents are not put in force. Otherwise a warning for their author. */
  readonly severity?: 'warning' | 'upgrade';
}

/** A command can't do what was asked: `main` prints the message as one line and exits. */
export class UserError extends Error {
  override name = 'UserError';
  /** 1: it failed; 2: it was called wrongly. */
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Why a file could not be read, if the system has no code for it. The message is a sentence without the path. */
export class FileFault extends Error {
  override name = 'FileFault';
  readonly code: 'ETIMEDOUT' | 'EAGAIN' | 'ENOTFILE' | 'EFBIG' | 'EPERM';
  constructor(code: FileFault['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const SENTENCES: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file or directory'],
  ['EACCES', 'may not be read: permission denied'],
  ['EPERM', 'may not be read: permission denied'],
  ['EISDIR', 'is a directory, not a file'],
  ['ENOTDIR', 'leads through a file as if it were a directory'],
  ['ELOOP', 'is a link that leads back to itself'],
]);

/** Why a file can't be read, without the path that stands before it anyway. */
export function sentenceOf(error: unknown): string {
  if (error instanceof FileFault) return error.message;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return SENTENCES.get(code) ?? `cannot be read (${code === '' ? 'unknown error' : code})`;
}
