import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ExportSnapshotResponseSchema, GetSnapshotKeyResponseSchema } from '../../../gen/ostiary/v1/snapshots_pb.js';
import { sentenceOf, UserError } from '../../errors.ts';
import { systemFiles } from '../../file-access.ts';
import { oneOf, text } from '../../flags.ts';
import type { FlagValues } from '../../flags.ts';
import { didYouMean } from '../../nearest.ts';
import { readCacheKey } from '../../serve/cache-key.ts';
import { readPublicKey } from '../../serve/snapshot-documents.ts';
import { fingerprintOf, readSnapshot } from '../../sync/snapshot-file.ts';
import { printJson } from '../analytics/asking.ts';
import { shown } from '../analytics/shown.ts';
import { defineCommand } from '../command.ts';
import { callServer, serverFlags } from './server.ts';
import type { Caller } from './server.ts';
import { scopeFlags, scopeOf } from './scope-flags.ts';
import { inspected, inspectionJson, inspectionText } from './snapshot-inspection.ts';

const flags = {
  ...scopeFlags,
  cacheKeyFile: text(
    undefined,
    'FILE',
    'encrypt the documents with this key, and decrypt them with it: 64 hexadecimal digits, the --cache-key-file of sidecars',
  ),
  key: text(undefined, 'FILE', 'public key of the control plane (inspect)'),
  output: { ...oneOf('text', ['text', 'json'], 'for people, or JSON (inspect)'), short: 'o' },
  ...serverFlags,
};
type Values = FlagValues<typeof flags>;

const ACTIONS = ['export', 'inspect', 'key'];
const MOST_BYTES = 1024 * 1024 * 1024;
const decompressed = promisify(gunzip);

/** Signed files of documents, for networks that no control plane can be reached from. */
export const command = defineCommand({
  usage: 'snapshot export FILE | inspect FILE | key [FLAGS]',
  summary:
    'export: writes all documents of a scope to one signed file, which ostiary serve --control-snapshot enforces with no\n' +
    'control plane. Values of Secrets are in it only with --cache-key-file, encrypted.\n' +
    'inspect: tells what such a file holds, and whether its signature is right. It reads the cache of a sidecar too.\n' +
    'key: prints the public key that sidecars verify such files with.\n' +
    'Exit code 1 if a file is damaged, or not signed by --key.',
  examples: [
    'snapshot key > control.pub',
    'snapshot export orders.snapshot --scope-api orders --cache-key-file cache.key',
    'snapshot inspect orders.snapshot --key control.pub',
  ],
  flags,
  sections: { scopeNamespace: 'What is exported', cacheKeyFile: 'Keys', output: 'How', server: 'Where' },
  maxArguments: 2,
  argumentWords: ACTIONS,
  concerned([action]) {
    const server = ['server', 'serverCa', 'tokenFile', 'requestTimeout'] as const;
    const scope = ['scopeNamespace', 'scopeApi', 'scopeLabel'] as const;
    if (action === 'export') return [...scope, 'cacheKeyFile', ...server];
    if (action === 'inspect') return ['cacheKeyFile', 'key', 'output'];
    return action === 'key' ? server : undefined;
  },
  async run({ values, positionals: [action, file] }, environment) {
    const caller = { values, environment };
    if (action === 'key') return printKey(caller);
    if (action !== 'export' && action !== 'inspect') {
      const meant = action === undefined ? '.' : didYouMean(action, ACTIONS) || '.';
      const what = action === undefined ? 'which action' : `there is no action ${JSON.stringify(action)}`;
      throw new UserError(`${what}${meant} Expected ostiary snapshot export FILE, inspect FILE or key`, 2);
    }
    if (file === undefined) throw new UserError(`which file? ostiary snapshot ${action} FILE`, 2);
    return action === 'export' ? exportTo(file, caller) : inspect(file, values);
  },
});

async function printKey(caller: Caller): Promise<number> {
  const { publicKey } = await callServer('SnapshotService/GetSnapshotKey', {}, GetSnapshotKeyResponseSchema, caller);
  const fingerprint = fingerprintOf(keyIn(publicKey));
  process.stdout.write(publicKey);
  process.stderr.write(`the key ${fingerprint}: give it to sidecars as --control-snapshot-key\n`);
  return 0;
}

/** @throws UserError where the server has answered with something else */
function keyIn(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (error) {
    throw new UserError('the control plane answered with something else than a public key', 1, { cause: error });
  }
}

async function exportTo(file: string, { values, environment }: { values: Values } & Caller): Promise<number> {
  const key = await readCacheKey(values.cacheKeyFile);
  const request = { scope: scopeOf(values), ...(key !== undefined && { encryptionKey: key.toString('base64') }) };
  const { fileGzip, secretsWithoutValues } = await callServer(
    'SnapshotService/ExportSnapshot',
    request,
    ExportSnapshotResponseSchema,
    { values, environment },
  );
  const bytes = await decompressed(fileGzip, { maxOutputLength: MOST_BYTES }).catch((error: unknown) => {
    throw new UserError('the control plane answered with something else than a snapshot', 1, { cause: error });
  });
  await replaceFile(file, bytes);
  if (secretsWithoutValues.length > 0) {
    const names = secretsWithoutValues.map(shown).join(', ');
    process.stderr.write(
      `without their values, since nothing encrypts them: the Secrets ${names}. Policies that need them are held back at a sidecar: give --cache-key-file\n`,
    );
  }
  const { head } = readSnapshot(bytes, undefined);
  process.stdout.write(`${file} holds revision ${head.revision}, signed with the key ${head.signer}\n`);
  return 0;
}

/** Sidecars follow the file: they see the old one or the new one. Salted hashes of secrets are in it: nobody else reads it. */
async function replaceFile(file: string, bytes: Buffer): Promise<void> {
  const draft = `${file}.new`;
  try {
    await rm(draft, { force: true });
    await writeFile(draft, bytes, { flag: 'wx', mode: 0o600 });
    await rename(draft, file);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new UserError(`${file} can't be written (${code})`, 1, { cause: error });
  }
}

async function inspect(file: string, { key, cacheKeyFile, output }: Values): Promise<number> {
  const publicKey = key === undefined ? undefined : await readPublicKey('--key', key);
  const cacheKey = await readCacheKey(cacheKeyFile);
  const bytes = await systemFiles.read(file, MOST_BYTES).catch((error: unknown) => {
    throw new UserError(`${file}: ${sentenceOf(error)}`, 1, { cause: error });
  });
  const found = await inspected(bytes, publicKey, cacheKey).catch((error: unknown) => {
    throw error instanceof UserError
      ? error
      : new UserError(`${file} ${(error as Error).message}`, 1, { cause: error });
  });
  if (output === 'json') printJson(inspectionJson(found));
  else process.stdout.write(inspectionText(found));
  return 0;
}
