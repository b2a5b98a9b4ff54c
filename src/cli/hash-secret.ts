import { text } from 'node:stream/consumers';
import { formatSecretHash, hashSecret } from '../contract/secret.ts';
import { UserError } from '../errors.ts';
import { toggle } from '../flags.ts';
import { defineCommand } from './command.ts';

/** Reads the secret from standard input: an argument would stay in the shell's history and in the process list. */
export const command = defineCommand({
  usage: 'hash-secret [FLAGS] < FILE',
  summary:
    'Hashes the client secret on standard input, for clientSecret of a ClientApplication. Ignores one line break at its end.\n' +
    "Takes no secret as an argument: it would stay in the shell's history.",
  examples: ['hash-secret < secret.txt', 'hash-secret --json < secret.txt  # for scripts'],
  flags: { json: toggle('one JSON object for scripts') },
  maxArguments: 0,
  async run({ values }) {
    if (process.stdin.isTTY) process.stderr.write('the secret, then Enter and Ctrl-D: ');
    const secret = (await text(process.stdin)).replace(/\r?\n$/, '');
    if (secret === '') {
      throw new UserError('standard input has no secret: try printf %s "$SECRET" | ostiary hash-secret');
    }
    const { salt, sha256 } = formatSecretHash(hashSecret(secret));
    process.stdout.write(
      values.json ? `${JSON.stringify({ salt, sha256 })}\n` : `clientSecret: {salt: "${salt}", sha256: "${sha256}"}\n`,
    );
    return 0;
  },
});
