/**
 * A file that an option names. It is read with the documents, and again when it changes. If it is missing or
 * malformed, the document has a fault, and what was in force before stays in force.
 */
export interface NamedFile<Content = unknown> {
  /** Begins below `config`. */
  readonly path: readonly PropertyKey[];
  /** As the document writes it: a relative path begins at the document's folder. */
  readonly file: string;
  readonly format: FileFormat<Content>;
}

/** A format of files. Use one object for all files of the format: parsed content is cached by it. */
export interface FileFormat<Content> {
  /** What a fault calls such a file, such as `the list of addresses`. */
  readonly name: string;
  readonly maxBytes: number;
  /**
   * Parses the content. Identical content is parsed once; the result is kept across reloads and shared by all
   * policies that name it, so it must not be changed.
   * @param giveWay to be called between the steps of long work: a promise to await when it is the turn of others
   */
  parse(bytes: Buffer, giveWay: GiveWay): FileContent<Content> | Promise<FileContent<Content>>;
}

export type GiveWay = () => Promise<void> | undefined;

/** The parsed content of a file, or its problems. */
export type FileContent<Content> = { readonly content: Content } | { readonly problems: readonly FileProblem[] };

export interface FileProblem {
  /** From 1; 0 if the problem concerns the whole file. */
  readonly line: number;
  /** What is wrong, and the remedy. Never the text itself, which may be a secret. */
  readonly message: string;
}

/** The files that the options of a policy name, as they are in force with it. */
export interface NamedFiles {
  /**
   * @param file as the options write it
   * @throws TypeError where the kind did not name it by {@link PolicyKind.files}
   */
  content<Content>(file: string, format: FileFormat<Content>): Content;
}

const DECODER = new TextDecoder('utf-8', { fatal: true });

/** The lines of a text file, without line ends. Undefined if the file is not UTF-8. */
export function linesOf(bytes: Buffer): readonly string[] | undefined {
  try {
    // A byte order mark is dropped.
    const text = DECODER.decode(bytes);
    // This is by far the faster way, and nearly always enough.
    return text.includes('\r') ? text.split(/\r?\n/) : text.split('\n');
  } catch {
    return undefined;
  }
}
