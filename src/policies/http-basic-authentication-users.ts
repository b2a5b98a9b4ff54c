import { MAX_PASSWORD_BYTES, parsePasswordHash } from '../password/password-hash.ts';
import type { PasswordHash } from '../password/password-hash.ts';
import { linesOf } from '../policy/named-file.ts';
import type { FileContent, FileFormat, FileProblem } from '../policy/named-file.ts';

/** Password hashes by user name. */
export interface UserFile {
  readonly users: ReadonlyMap<string, PasswordHash>;
}

const MAX_FILE_BYTES = 8 * 1024 * 1024;
const MAX_PROBLEMS = 100;
const MAX_NAME_BYTES = 255;

/** A file as `htpasswd` makes it: a line `name:hash` for each user. A line that begins with `#` is a comment. */
export const userFile: FileFormat<UserFile> = {
  name: 'the file of users',
  maxBytes: MAX_FILE_BYTES,
  async parse(bytes, giveWay): Promise<FileContent<UserFile>> {
    const lines = linesOf(bytes);
    if (lines === undefined) return { problems: [{ line: 0, message: 'is not UTF-8: save it in that encoding' }] };
    const users = new Map<string, PasswordHash>();
    const problems: FileProblem[] = [];
    for (const [index, line] of lines.entries()) {
      if (index % 64 === 0) await giveWay();
      const message = addUser(line, users);
      if (message !== undefined && problems.push({ line: index + 1, message }) === MAX_PROBLEMS) break;
    }
    return problems.length > 0 ? { problems } : { content: { users } };
  },
};

/** @returns what is wrong with the line, if anything */
function addUser(line: string, users: Map<string, PasswordHash>): string | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const colon = text.indexOf(':');
  if (colon < 0) return 'has no colon: expected NAME:HASH, as htpasswd -B makes it';
  const name = text.slice(0, colon);
  const problem = problemOfUserName(name);
  if (problem !== undefined) return `the name ${problem}`;
  const hash = parsePasswordHash(text.slice(colon + 1));
  if (typeof hash === 'string') return `the hash ${hash}`;
  if (users.has(name)) return 'names a user of an earlier line: which of the two passwords counts? Remove one';
  users.set(name, hash);
  return undefined;
}

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/** RFC 7617, 2 forbids control characters. With NUL, many implementations of bcrypt stop reading the password. */
export function problemOfPassword(password: string): string | undefined {
  if (CONTROL.test(password)) return 'has a control character';
  return Buffer.byteLength(password) > MAX_PASSWORD_BYTES ? `has more than ${MAX_PASSWORD_BYTES} bytes` : undefined;
}

/** A name goes into a header for the upstream, and RFC 7617 allows neither colons nor control characters in it. */
export function problemOfUserName(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.includes(':')) return 'has a colon, which ends the name in HTTP Basic';
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(name) || name !== name.trim())
    return 'has a control character, or white space at its start or end';
  return Buffer.byteLength(name) > MAX_NAME_BYTES ? `has more than ${MAX_NAME_BYTES} bytes` : undefined;
}
