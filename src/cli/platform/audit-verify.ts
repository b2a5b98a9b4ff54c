import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { VerifyResponseSchema } from '../../../gen/ostiary/v1/audit_pb.js';
import { parseHead } from '../../audit/head.ts';
import type { SignedHead } from '../../audit/head.ts';
import { ExportCheck } from '../../audit/verify-export.ts';
import { sentenceOf, UserError } from '../../errors.ts';
import { textLines } from '../../text-lines.ts';
import { printJson } from '../analytics/asking.ts';
import { shown } from '../analytics/shown.ts';
import { callServer } from './server.ts';
import type { Caller } from './server.ts';

interface How {
  readonly output: 'table' | 'json' | 'yaml';
  /** A file with a head that was kept elsewhere. */
  readonly head: string | undefined;
  /** A file with the public key. */
  readonly key: string | undefined;
}

/** Asks the control plane to verify its trail. @throws UserError */
export async function verifyServer({ output, head }: How, caller: Caller): Promise<number> {
  const text = head === undefined ? '' : JSON.stringify(await headIn(head));
  const answer = await callServer('AuditService/Verify', { head: text }, VerifyResponseSchema, caller);
  const { history, revision, hash, sequence, eventHash, firstSequence, problems } = answer;
  if (output !== 'table') {
    const events = { sequence: Number(sequence), eventHash, firstSequence: Number(firstSequence) };
    printJson({ history, revision: Number(revision), hash, ...events, problems });
  } else if (problems.length > 0) {
    process.stdout.write(problems.map((problem) => `${shown(problem)}\n`).join(''));
  } else {
    process.stdout.write(`all changes up to revision ${revision} are as they were written (${hash})\n`);
    const from = firstSequence > 1n ? ` (from ${firstSequence} on: earlier ones were kept long enough)` : '';
    if (sequence > 0n) process.stdout.write(`all events up to e${sequence} are as well${from}\n`);
    if (text !== '') process.stdout.write('they are those of the head\n');
  }
  return problems.length === 0 ? 0 : 1;
}

/** Verifies an export, without a control plane. @throws UserError */
export async function verifyFile(file: string, { output, head, key }: How): Promise<number> {
  const publicKey = key === undefined ? undefined : await keyIn(key);
  const against = head === undefined ? undefined : await headIn(head);
  const check = new ExportCheck({ publicKey, against });
  try {
    for await (const line of textLines(createReadStream(file))) check.take(line);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file}: ${sentenceOf(error)}`);
  }
  const found = check.end();
  const { problems } = found;
  if (output !== 'table') printJson(found);
  else if (problems.length > 0) process.stdout.write(problems.map((problem) => `${shown(problem)}\n`).join(''));
  else {
    const after = found.after > 0 ? ` after revision ${found.after}` : '';
    const afterEvent = found.afterEvent > 0 ? ` after e${found.afterEvent}` : '';
    process.stdout.write(
      `${found.changes} changes${after} and ${found.events} events${afterEvent} are as they were written: revision ${found.revision}, e${found.sequence}\n`,
    );
  }
  if (found.withheld > 0) {
    process.stderr.write(
      `${found.withheld} changes are shown without credentials: that they were not altered is verified, and what is shown of them is not\n`,
    );
  }
  if (publicKey === undefined) {
    process.stderr.write('who wrote it is not verified: give --key FILE, as ostiary audit key prints it\n');
  }
  return problems.length === 0 ? 0 : 1;
}

async function headIn(file: string): Promise<SignedHead> {
  // The text itself, as it stands in a log.
  if (file.trimStart().startsWith('{')) return parseHead(file);
  const text = await textIn('--head', file);
  const lines = text.split('\n').filter((line) => line.includes('ostiary audit head'));
  return parseHead(lines.at(-1) ?? text);
}

async function keyIn(file: string): Promise<KeyObject> {
  const pem = await textIn('--key', file);
  try {
    return createPublicKey(pem);
  } catch {
    throw new UserError(`--key ${file}: expected a public key in PEM, as ostiary audit key prints it`);
  }
}

async function textIn(flag: string, file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new UserError(`${flag}: ${file}: ${sentenceOf(error)}`);
  });
}
