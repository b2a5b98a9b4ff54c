import type { AuditedChange, AuditedEvent, AuditEntry } from '../../../gen/ostiary/v1/audit_pb.js';
import { table } from '../analytics/table.ts';
import { shortName } from './kinds.ts';
import { isoText, secondsText } from './moments.ts';
import { effectName } from './written.ts';

const COLUMNS = ['NUMBER', 'WHEN', 'WHO', 'FROM', 'WHAT', 'ACTION', 'WHY'];

/** Changes by their revision, events by their number with an `e` before it. */
export function entriesTable(entries: readonly AuditEntry[]): string {
  if (entries.length === 0) return 'nothing is there\n';
  const columns = COLUMNS.map((title) => ({ title, isNumber: title === 'NUMBER' }));
  return table(
    columns,
    entries.map(({ entry }) =>
      entry.case === 'change' ? changeCells(entry.value) : entry.case === 'event' ? eventCells(entry.value) : [],
    ),
  );
}

function changeCells(change: AuditedChange): string[] {
  const what = change.resource === undefined ? '' : shortName(change.resource);
  return [
    String(change.revision),
    secondsText(change.at),
    change.actor,
    change.address,
    what,
    effectName(change.effect),
    change.reason,
  ];
}

function eventCells(event: AuditedEvent): string[] {
  const { action, actor, address, count, detail, outcome, resource } = event;
  // What was called is all that a refused call was about.
  const { method = '', ...why } = detail;
  const told = outcome === 'done' || action === outcome ? action : `${action}: ${outcome}`;
  return [
    `e${event.sequence}`,
    secondsText(event.at),
    actor === '' ? '-' : actor,
    address,
    resource === undefined ? method : shortName(resource),
    count > 1n ? `${told} (${count} times)` : told,
    Object.values(resource === undefined ? why : detail).join(', '),
  ];
}

export function entryJson({ entry }: AuditEntry): object {
  return entry.case === 'change' ? changeJson(entry.value) : entry.case === 'event' ? eventJson(entry.value) : {};
}

function changeJson(change: AuditedChange): object {
  const { revision, actor, credential, address, reason, resource, effect, before, after, hash } = change;
  return {
    type: 'change',
    revision: Number(revision),
    at: isoText(change.at),
    actor,
    ...(credential !== '' && { credential }),
    ...(address !== '' && { address }),
    ...(reason !== '' && { reason }),
    kind: resource?.kind,
    namespace: resource?.namespace,
    name: resource?.name,
    effect: effectName(effect),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    hash,
  };
}

function eventJson(event: AuditedEvent): object {
  const { sequence, action, outcome, actor, credential, address, resource, detail, count, headRevision, hash } = event;
  return {
    type: 'event',
    sequence: Number(sequence),
    at: isoText(event.at),
    action,
    outcome,
    actor,
    credential,
    address,
    ...(resource !== undefined && { kind: resource.kind, namespace: resource.namespace, name: resource.name }),
    detail,
    ...(count > 1n && { count: Number(count), until: isoText(event.until) }),
    afterRevision: Number(headRevision),
    hash,
  };
}
