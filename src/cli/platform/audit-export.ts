import { open } from 'node:fs/promises';
import { AuditService } from '../../../gen/ostiary/v1/audit_pb.js';
import type { AuditPosition } from '../../audit/reading.ts';
import { sentenceOf, UserError } from '../../errors.ts';
import { streamApi } from '../stream-call.ts';
import { serverAddress } from './server.ts';
import type { Caller } from './server.ts';

/** Of the end of a file, to find its last whole line. */
const TAIL_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** Writes the trail to standard output. @throws UserError */
export async function exportToOutput(follow: boolean, caller: Caller): Promise<number> {
  for await (const { lines } of streamApi(AuditService.method.export, { follow }, serverAddress(caller))) {
    if (!process.stdout.write(lines)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
  return 0;
}

/**
 * Writes the trail to a file; where there is one already, what was written since.
 * @throws UserError
 */
export async function exportToFile(file: string, follow: boolean, caller: Caller): Promise<number> {
  const handle = await open(file, 'a+', 0o600).catch((error: unknown) => {
    throw new UserError(`${file}: ${sentenceOf(error)}`);
  });
  try {
    const { length, position } = await endOf(file, handle);
    // A line that was cut is written again.
    await handle.truncate(length);
    const after = position && {
      afterRevision: BigInt(position.revision),
      afterSequence: BigInt(position.sequence),
    };
    let isBegun = position === undefined;
    let written = 0;
    for await (const { lines } of streamApi(AuditService.method.export, { follow, ...after }, serverAddress(caller))) {
      if (lines.length === 0) continue;
      // The file says already where it begins.
      const rest = isBegun ? lines : lines.subarray(lines.indexOf(NEWLINE) + 1);
      isBegun = true;
      for (const byte of rest) if (byte === NEWLINE) written += 1;
      await handle.write(rest);
    }
    await handle.sync();
    process.stderr.write(`${file}: ${written} lines ${position === undefined ? 'written' : 'added'}\n`);
    return 0;
  } finally {
    await handle.close();
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

/** Where whole lines end, and what the last ones are of; undefined: the file is empty. @throws UserError */
async function endOf(
  file: string,
  handle: Handle,
): Promise<{ readonly length: number; readonly position: AuditPosition | undefined }> {
  const { size } = await handle.stat();
  if (size === 0) return { length: 0, position: undefined };
  const seen: { revision?: number; sequence?: number } = {};
  let length = -1;
  let end = size;
  let rest = Buffer.alloc(0);
  // From the end on, until both numbers are found: each line has one of them, a head and the first line have both.
  while (end > 0 && (seen.revision === undefined || seen.sequence === undefined)) {
    const begin = Math.max(0, end - TAIL_BYTES);
    const piece = Buffer.alloc(end - begin);
    await handle.read(piece, 0, piece.length, begin);
    let text = Buffer.concat([piece, rest]);
    if (length < 0) {
      const last = text.lastIndexOf(NEWLINE);
      if (last >= 0) length = begin + last + 1;
      text = text.subarray(0, last + 1);
    }
    const first = begin === 0 ? 0 : text.indexOf(NEWLINE) + 1;
    const lines = text.subarray(first).toString('utf8').split('\n').toReversed();
    for (const line of lines) if (line !== '') take(file, line, seen);
    rest = text.subarray(0, first);
    end = begin;
  }
  if (length <= 0) return { length: 0, position: undefined };
  return { length, position: { revision: seen.revision ?? 0, sequence: seen.sequence ?? 0 } };
}

function take(file: string, line: string, seen: { revision?: number; sequence?: number }): void {
  let told: { readonly type?: unknown; readonly revision?: unknown; readonly sequence?: unknown };
  try {
    told = Object(JSON.parse(line)) as typeof told;
  } catch {
    throw new UserError(`${file} is no export of an audit trail: name another file`);
  }
  if (typeof told.type !== 'string') throw new UserError(`${file} is no export of an audit trail: name another file`);
  if (typeof told.revision === 'number') seen.revision ??= told.revision;
  if (typeof told.sequence === 'number') seen.sequence ??= told.sequence;
}
