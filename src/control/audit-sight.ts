import type { JsonObject } from '@bufbuild/protobuf';
import { PLATFORM_TEAM } from '../access/caller.ts';
import type { Caller } from '../access/caller.ts';
import { better } from '../access/may.ts';
import type { AuditRow } from '../audit/reading.ts';
import type { ChangeTable } from '../registry/tables.ts';
import type { Resource, ResourceKey } from '../registry/log.ts';
import { policyKinds } from '../policies/index.ts';
import type { CurrentIndex } from './current-index.ts';
import { factsOf } from './facts.ts';
import { Rights } from './rights.ts';
import { sightOf, viewOf } from './views.ts';

/** What a caller sees of the audit trail. */
export interface AuditSight {
  sees(row: AuditRow): boolean;
  /** A document as far as they see it; undefined: nothing of it. */
  view(resource: Resource): JsonObject | undefined;
}

/**
 * Auditors and admins of a team see what was done to its objects; those of the platform see everything. Auditors see documents
 * without credentials.
 */
export async function auditSight(caller: Caller, index: Pick<CurrentIndex, 'current'>): Promise<AuditSight> {
  const { index: current } = await index.current();
  const rights = new Rights(caller, current);
  const roles = rights.rolesIn(PLATFORM_TEAM);
  const { kinds = [] } = caller.limits ?? {};
  const seesAll = (roles.has('admin') || roles.has('auditor')) && rights.isWithin('audit') && kinds.length === 0;
  const mayAudit = (key: ResourceKey, document: unknown): boolean => {
    const facts = document === undefined ? current.get(textOf(key))?.facts : factsOf(key, document, (text) => text);
    return facts !== undefined && rights.may('audit', rights.objectOf(key, facts));
  };
  return {
    sees({ change, event }) {
      if (seesAll) return true;
      if (change !== undefined) return mayAudit(change, documentOf(change));
      return event.name !== '' && mayAudit(event, undefined);
    },
    view(resource) {
      return viewOf(resource.document, better(sightOf(resource, rights), 'redacted'), policyKinds)?.document;
    },
  };
}

/** Without hashes of secrets and without encrypted values: what leaves the control plane. */
export function auditedDocument({ document }: Resource): JsonObject | undefined {
  return viewOf(document, 'redacted', policyKinds)?.document;
}

function textOf({ kind, namespace, name }: ResourceKey): string {
  return `${kind} ${namespace}/${name}`;
}

function documentOf({ before, after }: ChangeTable): unknown {
  return (JSON.parse(after === '' ? before : after) as Resource).document;
}
