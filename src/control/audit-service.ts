import { create } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import {
  GetHeadRequestSchema,
  GetHeadResponseSchema,
  ListChangesRequestSchema,
  ListChangesResponseSchema,
  ListEntriesRequestSchema,
  ListEntriesResponseSchema,
  VerifyRequestSchema,
  VerifyResponseSchema,
} from '../../gen/ostiary/v1/audit_pb.js';
import type { ListEntriesRequest } from '../../gen/ostiary/v1/audit_pb.js';
import type { Caller } from '../access/caller.ts';
import { AUDIT_OUTCOMES } from '../audit/event.ts';
import { parseHead, signedHead } from '../audit/head.ts';
import { auditRows, positionBefore } from '../audit/reading.ts';
import type { AuditPosition, AuditRow } from '../audit/reading.ts';
import type { AuditStore } from '../audit/store.ts';
import { verifyAudit } from '../audit/verify.ts';
import { UserError } from '../errors.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import { exportMethod } from './audit-export.ts';
import type { AuditExportPorts } from './audit-export.ts';
import { auditedChange, entryMessage } from './audit-messages.ts';
import type { AuditSight } from './audit-sight.ts';
import { guardedUnary } from './guarded.ts';
import { changeOf } from '../registry/read.ts';

export interface AuditServicePorts extends AuditExportPorts {
  readonly sight: (caller: Caller) => Promise<AuditSight>;
}

const SERVICE = 'ostiary.v1.AuditService';
const PAGE = 100;
const LARGEST_PAGE = 1000;
/** Of rows that the caller may not see, so many pages are passed over in one call. */
const MOST_PAGES = 20;
const LAST = Number.MAX_SAFE_INTEGER;

/** The methods of AuditService. */
export function auditMethods(ports: AuditServicePorts): readonly Method[] {
  const { store, access, key, sight } = ports;
  const unary = guardedUnary(SERVICE, access);
  return [
    unary('ListEntries', ListEntriesRequestSchema, ListEntriesResponseSchema, async (request, caller) => {
      const seen = await sight(caller);
      const { rows, rest } = await page(store, request, positionOf(request.pageToken), seen);
      return create(ListEntriesResponseSchema, {
        entries: rows.map((row) => entryMessage(row, seen)),
        nextPageToken: rest === undefined ? '' : `${rest.revision}.${rest.sequence}`,
      });
    }),
    unary('ListChanges', ListChangesRequestSchema, ListChangesResponseSchema, async (request, caller) => {
      const seen = await sight(caller);
      const revision = revisionOf(request.pageToken) ?? LAST;
      const { rows, rest } = await page(store, request, { revision, sequence: 0 }, seen);
      return create(ListChangesResponseSchema, {
        changes: rows.flatMap(({ change }) => (change === undefined ? [] : [auditedChange(changeOf(change), seen)])),
        nextPageToken: rest === undefined ? '' : String(rest.revision),
      });
    }),
    exportMethod(SERVICE, ports),
    unary('Verify', VerifyRequestSchema, VerifyResponseSchema, async ({ head: text }) => {
      const against = text === '' ? undefined : headOf(text);
      const {
        head,
        events,
        firstEvent = 0,
        problems,
      } = await verifyAudit(store.database, {
        publicKey: key?.publicKey,
        against,
      });
      const { history, revision, hash } = head;
      return create(VerifyResponseSchema, {
        history,
        revision: BigInt(revision),
        hash,
        sequence: BigInt(events.sequence),
        eventHash: events.hash,
        firstSequence: BigInt(firstEvent),
        problems: [...problems],
      });
    }),
    unary('GetHead', GetHeadRequestSchema, GetHeadResponseSchema, async () => {
      if (key === undefined) {
        throw new RpcError(
          Code.failedPrecondition,
          'no key signs heads here: start the control plane with --audit-key-file FILE',
        );
      }
      const head = signedHead(await store.ends(ports.clock.now()), key);
      const publicKey = key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
      return create(GetHeadResponseSchema, { head: JSON.stringify(head), publicKey });
    }),
  ];
}

type Asked = Pick<ListEntriesRequest, 'kind' | 'namespace' | 'name' | 'actor' | 'since' | 'until' | 'pageSize'> &
  Partial<Pick<ListEntriesRequest, 'credential' | 'address' | 'action' | 'outcome'>>;

/** @returns what the caller sees of it, and where the next page begins; undefined: there is none */
async function page(store: AuditStore, request: Asked, begin: AuditPosition, sight: AuditSight) {
  const pageSize = sizeOf(request.pageSize);
  const { actor, credential = '', address = '', action = '', outcome = '', since, until } = request;
  if (outcome !== '' && !AUDIT_OUTCOMES.some((each) => each === outcome)) {
    throw new RpcError(Code.invalidArgument, `outcome is one of ${AUDIT_OUTCOMES.join(', ')}`);
  }
  const question = {
    kind: textOr(request.kind),
    namespace: textOr(request.namespace),
    name: textOr(request.name),
    actor: actor === '-' ? '' : textOr(actor),
    credential: textOr(credential),
    address: textOr(address),
    action: textOr(action),
    outcome: textOr(outcome),
    sinceMs: since && timestampMs(since),
    untilMs: until && timestampMs(until),
  };
  let [before, lastSeen] = [begin, begin];
  const rows: AuditRow[] = [];
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const read = await auditRows(store.database.kysely, { ...question, before, limit: pageSize + 1 });
    for (const row of read) {
      const isSeen = sight.sees(row);
      // After the last one that they see: what stands between it and the next is not theirs to know.
      if (isSeen && rows.length === pageSize) return { rows, rest: lastSeen };
      before = positionBefore([row], before);
      if (!isSeen) continue;
      rows.push(row);
      lastSeen = before;
    }
    if (read.length <= pageSize) return { rows, rest: undefined };
  }
  return { rows, rest: rows.length === pageSize ? lastSeen : before };
}

function sizeOf(asked: number): number {
  return Math.min(LARGEST_PAGE, asked === 0 ? PAGE : asked);
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

/** @throws RpcError */
function positionOf(token: string): AuditPosition {
  if (token === '') return { revision: LAST, sequence: LAST };
  const [, revision, sequence] = /^(\d{1,16})\.(\d{1,16})$/.exec(token) ?? [];
  if (revision === undefined) throw new RpcError(Code.invalidArgument, 'page_token is none that a response had');
  return { revision: Number(revision), sequence: Number(sequence) };
}

/** @throws RpcError */
function headOf(text: string) {
  try {
    return parseHead(text);
  } catch (error) {
    if (error instanceof UserError) throw new RpcError(Code.invalidArgument, error.message);
    throw error;
  }
}
