import { text as textOf } from 'node:stream/consumers';
import { UserError } from '../errors.ts';

const ENTER = /[\r\n]/;
const END = '\u0004';
const INTERRUPT = '\u0003';
const ERASE = new Set(['\u007f', '\b']);

/**
 * A secret that somebody types without seeing it, or that standard input has: an argument would stay in the shell's history
 * and in the list of processes. One line break at its end is ignored.
 * @param what such as `Password`
 * @throws UserError where there is none
 */
export async function askSecret(what: string): Promise<string> {
  const secret = process.stdin.isTTY ? await typed(what) : (await textOf(process.stdin)).replace(/\r?\n$/, '');
  if (secret === '') throw new UserError(`no ${what.toLowerCase()} was given: type it, or write it to standard input`);
  return secret;
}

/** The same, typed twice: nobody sees a slip. @throws UserError where the two differ */
export async function askNewSecret(what: string): Promise<string> {
  const secret = await askSecret(what);
  if (process.stdin.isTTY && (await askSecret(`${what} again`)) !== secret) {
    throw new UserError('the two differ: nothing was changed');
  }
  return secret;
}

async function typed(what: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let secret = '';
  const take = (chunk: string): void => {
    for (const sign of chunk) {
      if (sign === INTERRUPT) return reject(new UserError('interrupted: nothing was done'));
      if (ENTER.test(sign) || sign === END) return resolve(secret);
      secret = ERASE.has(sign) ? Array.from(secret).slice(0, -1).join('') : secret + sign;
    }
  };
  process.stderr.write(`${what}: `);
  process.stdin.setRawMode(true).setEncoding('utf8').on('data', take).resume();
  try {
    return await promise;
  } finally {
    process.stdin.off('data', take).setRawMode(false).pause();
    process.stderr.write('\n');
  }
}
