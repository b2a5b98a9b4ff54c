import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { AuditEntrySchema, AuditedChangeSchema, AuditedEventSchema } from '../../gen/ostiary/v1/audit_pb.js';
import type { AuditedChange, AuditedEvent, AuditEntry } from '../../gen/ostiary/v1/audit_pb.js';
import type { AuditRow } from '../audit/reading.ts';
import type { EventTable } from '../audit/tables.ts';
import type { Change, Resource } from '../registry/log.ts';
import { changeOf } from '../registry/read.ts';
import type { AuditSight } from './audit-sight.ts';
import { keyMessage, structOf } from './resource-messages.ts';
import { effectOf } from './watching.ts';

export function entryMessage({ change, event }: AuditRow, sight: AuditSight): AuditEntry {
  return create(AuditEntrySchema, {
    entry:
      change === undefined
        ? { case: 'event', value: eventMessage(event) }
        : { case: 'change', value: auditedChange(changeOf(change), sight) },
  });
}

export function auditedChange(change: Change, sight: AuditSight): AuditedChange {
  const seen = (resource: Resource | undefined) =>
    resource === undefined ? undefined : structOf(sight.view(resource));
  const before = seen(change.before);
  const after = seen(change.after);
  return create(AuditedChangeSchema, {
    revision: BigInt(change.revision),
    at: timestampFromMs(change.at),
    actor: change.actor,
    credential: change.credential,
    address: change.address,
    reason: change.reason,
    resource: keyMessage(change),
    effect: effectOf(change),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    hash: change.hash,
  });
}

function eventMessage(row: EventTable): AuditedEvent {
  const { sequence, action, outcome, actor, credential, address, kind, namespace, name, detail, hash } = row;
  return create(AuditedEventSchema, {
    sequence: BigInt(sequence),
    at: timestampFromMs(row.happened_at),
    action,
    outcome,
    actor,
    credential,
    address,
    ...(name !== '' && { resource: keyMessage({ kind, namespace, name }) }),
    detail: detailOf(detail),
    count: BigInt(row.count),
    until: timestampFromMs(row.until_at),
    headRevision: BigInt(row.head_revision),
    headHash: row.head_hash,
    hash,
  });
}

function detailOf(text: string): Record<string, string> {
  try {
    const detail = Object(JSON.parse(text)) as Record<string, unknown>;
    return Object.fromEntries(Object.entries(detail).map(([key, value]) => [key, String(value)]));
  } catch {
    // It was altered: it is shown as it is.
    return { altered: text };
  }
}
