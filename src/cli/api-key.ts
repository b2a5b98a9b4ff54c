import { text as textOf } from 'node:stream/consumers';
import { KEY_ID, MAX_KEY_LENGTH, keyParts, newKey } from '../contract/api-key.ts';
import { formatSecretHash, hashSecret } from '../contract/secret.ts';
import { UserError } from '../errors.ts';
import { text, toggle } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import { broughtKeysOf } from '../serve/api-key-hmac.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import { defineCommand } from './command.ts';

const flags = {
  id: text(undefined, 'ID', 'new: what stands before the dot, in place of a random one', (given) =>
    KEY_ID.test(given) ? undefined : 'expected letters, digits, "_" and "-", at most 64',
  ),
  apiKeyHmacFile: serveFlags.apiKeyHmacFile,
  json: toggle('one JSON object for scripts'),
};

/** Keys come from standard input: an argument would stay in the shell's history and in the process list. */
export const command = defineCommand({
  usage: 'api-key new|hash|hmac [FLAGS] [< FILE]',
  summary:
    'Makes what apiKeys of a ClientApplication holds. new: a new key, which is printed this once, and its hash.\n' +
    'hash: of a key ID.SECRET on standard input. hmac: of a key of another form on standard input, under the key in --api-key-hmac-file.',
  examples: [
    'api-key new',
    'api-key hash < key.txt',
    'api-key hmac --api-key-hmac-file /etc/ostiary/hmac-key < legacy-key.txt',
  ],
  flags,
  maxArguments: 1,
  concerned: ([what]) =>
    what === 'new'
      ? ['id', 'json']
      : what === 'hash'
        ? ['json']
        : what === 'hmac'
          ? ['apiKeyHmacFile', 'json']
          : undefined,
  async run({ values, positionals: [what] }) {
    if (what === 'new') {
      const { key, id, secret } = newKey(values.id);
      tell(values, { id, ...formatSecretHash(secret) }, key);
    } else if (what === 'hash') {
      const parts = keyParts(await keyOnInput());
      if (parts === undefined)
        throw new UserError(
          'the key on standard input is not ID.SECRET: for one of another form see api-key hmac --help',
        );
      tell(values, { id: parts.id, ...formatSecretHash(hashSecret(parts.secret)) });
    } else if (what === 'hmac') {
      const brought = await broughtKeysOf(values.apiKeyHmacFile);
      if (brought === undefined) throw new UserError('--api-key-hmac-file is missing: the service has it too', 2);
      tell(values, { hmac: brought.hmac(await keyOnInput()) });
    } else {
      throw new UserError('usage: ostiary api-key new|hash|hmac', 2);
    }
    return 0;
  },
});

function tell({ json }: FlagValues<typeof flags>, held: Readonly<Record<string, string>>, key?: string): void {
  if (json) process.stdout.write(`${JSON.stringify(key === undefined ? held : { key, ...held })}\n`);
  else {
    const fields = Object.entries(held).map(([name, value]) => `${name}: "${value}"`);
    if (key !== undefined) process.stdout.write(`key (for the caller; kept nowhere): ${key}\n`);
    process.stdout.write(`apiKeys: [{${fields.join(', ')}}]\n`);
  }
}

async function keyOnInput(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('the key, then Enter and Ctrl-D: ');
  const key = (await textOf(process.stdin)).replace(/\r?\n$/, '');
  if (key === '') throw new UserError('standard input has no key: try printf %s "$KEY" | ostiary api-key …');
  if (key.length > MAX_KEY_LENGTH || !/^[\x21-\x2b\x2d-\x7e]+$/.test(key)) {
    throw new UserError(
      `the key is never accepted: visible ASCII without commas and spaces, at most ${MAX_KEY_LENGTH}`,
    );
  }
  return key;
}
