import { text as textOf } from 'node:stream/consumers';
import { UserError } from '../errors.ts';
import { text } from '../flags.ts';
import { hashPassword } from '../password/make-hash.ts';
import { problemOfPassword, problemOfUserName } from '../policies/http-basic-authentication-users.ts';
import { defineCommand } from './command.ts';

/** Reads the password from standard input: an argument would stay in the shell's history and in the process list. */
export const command = defineCommand({
  usage: 'hash-password [FLAGS] < FILE',
  summary:
    "Hashes a user's password on standard input by argon2id, for http-basic-authentication. Ignores one line break at its end.\n" +
    "Takes no password as an argument: it would stay in the shell's history.",
  examples: ['hash-password < password.txt', 'hash-password --user ann < password.txt >> users.htpasswd'],
  flags: { user: text('', 'NAME', 'print a line of a file of users, in place of what a document holds') },
  maxArguments: 0,
  async run({ values: { user } }) {
    const problem = user === '' ? undefined : problemOfUserName(user);
    if (problem !== undefined) throw new UserError(`--user: the name ${problem}`, 2);
    if (process.stdin.isTTY) process.stderr.write('the password, then Enter and Ctrl-D: ');
    const password = (await textOf(process.stdin)).replace(/\r?\n$/, '');
    if (password === '') {
      throw new UserError('standard input has no password: try printf %s "$PASSWORD" | ostiary hash-password');
    }
    const refusal = problemOfPassword(password);
    if (refusal !== undefined) throw new UserError(`the password ${refusal}, and would be refused`);
    const hash = hashPassword(password);
    // The first "$" of a text in a document is written twice.
    process.stdout.write(user === '' ? `passwordHash: '$${hash}'\n` : `${user}:${hash}\n`);
    return 0;
  },
});
