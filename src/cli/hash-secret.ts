import { text } from 'node:stream/consumers';
import { formatSecretHash, hashSecret } from '../contract/secret.ts';
import { UserError } from '../errors.ts';
import { parseFlags, toggle } from '../flags.ts';
import { helpText } from './help.ts';

const flags = { json: toggle('one JSON object for scripts') };

/** Reads the secret from standard input: an argument would stay in the shell's history and in the process list. */
export async function run(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals, help } = parseFlags(flags, argv, environment);
  if (help) {
    process.stdout.write(
      helpText(
        'ostiary hash-secret [--json] < FILE',
        'Hashes the client secret on standard input for a document.',
        flags,
      ),
    );
    return 0;
  }
  if (positionals.length > 0)
    throw new UserError('hash-secret reads the secret from standard input, not from arguments', 2);
  const secret = (await text(process.stdin)).replace(/\r?\n$/, '');
  if (secret === '') throw new UserError('standard input has no secret: try printf %s "$SECRET" | ostiary hash-secret');
  const { salt, sha256 } = formatSecretHash(hashSecret(secret));
  process.stdout.write(
    values.json ? `${JSON.stringify({ salt, sha256 })}\n` : `clientSecret: {salt: "${salt}", sha256: "${sha256}"}\n`,
  );
  return 0;
}
