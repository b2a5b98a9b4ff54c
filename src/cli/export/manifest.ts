import { EVERYTHING } from './sight.ts';

/** In the folder: which files were written, so that the next time deletes those that are not there any more. */
export const MANIFEST = '.ostiary-files';

const HEADER =
  '# Written by ostiary: these files are its own. The next time it deletes those that it does not write any more.';
const SCOPE = 'scope: ';
const SEEN = 'seen: ';

export interface Manifest {
  /** What the folder holds; undefined: there is no manifest. */
  readonly scope: string | undefined;
  /** By file, how much whoever has exported it last sees. */
  readonly files: ReadonlyMap<string, string>;
}

export function manifestText(scope: string, files: ReadonlyMap<string, string>): string {
  const bySight = Map.groupBy([...files].toSorted(compareFiles), ([, seen]) => seen);
  const sections: string[] = [];
  for (const [seen, own] of [...bySight].toSorted(compareFiles)) {
    sections.push(`${SEEN}${seen}`);
    for (const [file] of own) sections.push(file);
  }
  return `${[HEADER, `${SCOPE}${scope}`, ...sections].join('\n')}\n`;
}

/** @returns with a line that names no file of ours, where there is one */
export function parseManifest(text: string): Manifest & { readonly bad: string | undefined } {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const [first = '', ...rest] = lines;
  const files = new Map<string, string>();
  let seen = EVERYTHING;
  let bad: string | undefined;
  for (const line of rest) {
    if (line.startsWith(SEEN)) seen = line.slice(SEEN.length);
    else if (isInside(line)) files.set(line, seen);
    else bad ??= line;
  }
  return { scope: first.startsWith(SCOPE) ? first.slice(SCOPE.length) : first, files, bad };
}

/** As files of an export are written. */
function isInside(file: string): boolean {
  return file.split('/').every((part) => /^[a-z0-9~][A-Za-z0-9._~-]*$/.test(part) && part !== MANIFEST);
}

function compareFiles([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
