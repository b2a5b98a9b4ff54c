import { ApplyResponseSchema, Effect } from '../../../gen/ostiary/v1/resources_pb.js';
import { UserError } from '../../errors.ts';
import type { Fields } from '../../import/remarks.ts';
import { shown } from '../analytics/shown.ts';
import { count } from '../count.ts';
import { faultLines } from '../platform/documents-of.ts';
import { shortName } from '../platform/kinds.ts';
import { callServer } from '../platform/server.ts';
import type { Caller } from '../platform/server.ts';
import { effectName } from '../platform/written.ts';

/** A control plane to import to. */
export interface ControlTarget {
  readonly caller: Caller;
  /** False: what would be written is shown. */
  readonly isApplied: boolean;
  readonly reason: string | undefined;
}

export interface ImportedDocument {
  readonly document: Fields;
  /** What faults call it; absent: its kind and name. */
  readonly file?: string;
  /** `0`: it must not be there yet. */
  readonly expectedRevision?: string;
}

/**
 * Writes documents in one transaction, or shows what that would do.
 * @returns false: they have faults, which are told, and nothing was written
 */
export async function applyImported(
  documents: readonly ImportedDocument[],
  { caller, isApplied, reason }: ControlTarget,
): Promise<boolean> {
  if (documents.length === 0) {
    process.stderr.write('nothing would be written\n');
    return true;
  }
  const answer = await callServer(
    'ResourceService/Apply',
    {
      documents: documents.map((each) => Object.assign({ file: nameOf(each.document) }, each)),
      dryRun: !isApplied,
      reason: reason ?? 'imported',
    },
    ApplyResponseSchema,
    caller,
  );
  for (const line of faultLines(answer.warnings, [])) process.stderr.write(`${line}\n`);
  if (answer.faults.length > 0) {
    process.stderr.write(`${faultLines(answer.faults, []).join('\n')}\n`);
    process.stderr.write(`ostiary: ${count(answer.faults.length, 'fault')}; nothing is written\n`);
    return false;
  }
  const changes = answer.results.filter(({ effect }) => effect !== Effect.UNCHANGED);
  const lines = changes.map(({ resource, effect }) => {
    if (resource === undefined) throw new UserError('the control plane answered without a resource');
    return `${shown(shortName(resource))} ${effectName(effect)}${isApplied ? '' : ' (dry run)'}\n`;
  });
  process.stdout.write(lines.join(''));
  const unchanged = answer.results.length - changes.length;
  const remedy = isApplied || changes.length === 0 ? '' : '; --apply writes it';
  process.stderr.write(`${count(changes.length, 'change')}, ${unchanged} as before${remedy}\n`);
  return true;
}

function nameOf({ kind, metadata }: Fields): string {
  const { namespace = 'default', name = '' } = Object(metadata) as { namespace?: string; name?: string };
  return shortName({ kind: String(kind), namespace, name });
}
