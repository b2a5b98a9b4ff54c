import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  ListChangesRequestSchema,
  ListChangesResponseSchema,
  VerifyRequestSchema,
  VerifyResponseSchema,
} from '../../gen/ostiary/v1/audit_pb.js';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import type { Change } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import type { ControlAccess } from './access.ts';
import { guardedUnary } from './guarded.ts';
import { keyMessage, structOf } from './resource-messages.ts';
import { effectOf } from './watching.ts';

export interface AuditServicePorts {
  readonly registry: Registry;
  readonly access: ControlAccess;
}

const PAGE = 100;
const LARGEST_PAGE = 1000;

/** The methods of AuditService. */
export function auditMethods({ registry, access }: AuditServicePorts): readonly Method[] {
  const unary = guardedUnary('ostiary.v1.AuditService', access);
  return [
    unary('ListChanges', 'read', ListChangesRequestSchema, ListChangesResponseSchema, async (request) => {
      const { kind, namespace, name, actor, since, until, pageToken } = request;
      const pageSize = Math.min(LARGEST_PAGE, request.pageSize === 0 ? PAGE : request.pageSize);
      const changes = await registry.changes({
        kind: textOr(kind),
        namespace: textOr(namespace),
        name: textOr(name),
        actor: textOr(actor),
        sinceMs: since && timestampMs(since),
        untilMs: until && timestampMs(until),
        beforeRevision: revisionOf(pageToken),
        // One more shows whether there are more.
        limit: pageSize + 1,
      });
      const page = changes.slice(0, pageSize);
      return create(ListChangesResponseSchema, {
        changes: page.map(messageOf),
        nextPageToken: changes.length > pageSize ? String(page.at(-1)?.revision ?? '') : '',
      });
    }),
    unary('Verify', 'read', VerifyRequestSchema, VerifyResponseSchema, async () => {
      const { head, problems } = await registry.verify();
      const { history, revision, hash } = head;
      return create(VerifyResponseSchema, { history, revision: BigInt(revision), hash, problems: [...problems] });
    }),
  ];
}

function textOr(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** @throws RpcError */
function revisionOf(token: string): number | undefined {
  if (token === '') return undefined;
  if (!/^\d{1,15}$/.test(token)) throw new RpcError(Code.invalidArgument, 'page_token is none that a response had');
  return Number(token);
}

function messageOf(change: Change) {
  const before = structOf(change.before?.document);
  const after = structOf(change.after?.document);
  return {
    revision: BigInt(change.revision),
    at: timestampFromMs(change.at),
    actor: change.actor,
    reason: change.reason,
    resource: keyMessage(change),
    effect: effectOf(change),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    hash: change.hash,
  };
}
