import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ExportRequestSchema, ExportResponseSchema } from '../../gen/ostiary/v1/audit_pb.js';
import type { ExportRequest } from '../../gen/ostiary/v1/audit_pb.js';
import type { Caller } from '../access/caller.ts';
import { signedHead } from '../audit/head.ts';
import { EXPORT_FORMAT, lineOf } from '../audit/line.ts';
import type { BeginLine, View } from '../audit/line.ts';
import { auditRowsAfter, positionAfter } from '../audit/reading.ts';
import type { AuditPosition, AuditRow } from '../audit/reading.ts';
import type { AuditKey } from '../audit/signing.ts';
import type { AuditStore } from '../audit/store.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { Clock } from '../clock.ts';
import type { ControlAccess } from './access.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import type { Resource } from '../registry/log.ts';
import { auditedDocument } from './audit-sight.ts';
import { tellDatabase } from './guarded.ts';

export interface AuditExportPorts {
  readonly store: AuditStore;
  readonly trail: AuditTrail;
  /** Signs the head at its end; undefined: there is none. */
  readonly key: AuditKey | undefined;
  readonly access: ControlAccess;
  readonly clock: Clock;
}

const PAGE = 500;
/** How often is looked for what is new. */
const LOOK_MS = 1000;
/** A connection over which nothing comes for so long may be dead. */
const SIGN_OF_LIFE_LOOKS = 15;
/** Clients of gRPC take messages of 4 MiB unless told otherwise. */
const CHUNK_BYTES = 256 * 1024;

/** A resource without its credentials. */
const view: View = (content) => {
  const resource = content as Resource;
  return { ...resource, document: auditedDocument(resource) };
};

/** AuditService/Export. */
export function exportMethod(service: string, ports: AuditExportPorts): Method {
  const path = `/${service}/Export`;
  return {
    kind: 'server_streaming',
    path,
    async *handle(bytes, call) {
      // The bytes may be used until the first pause.
      const request = fromBinary(ExportRequestSchema, bytes);
      const caller = await ports.access(path, call);
      try {
        for await (const lines of exported(request, call, caller, ports)) {
          for (const chunk of chunksOf(lines)) {
            yield toBinary(ExportResponseSchema, create(ExportResponseSchema, { lines: chunk }));
          }
        }
      } catch (error) {
        tellDatabase(error);
      }
    },
  };
}

async function* exported(
  request: ExportRequest,
  call: Call,
  { name, credential, address }: Caller,
  ports: AuditExportPorts,
): AsyncGenerator<string> {
  const { store, trail } = ports;
  const asked = {
    revision: Number(request.afterRevision ?? 0n),
    sequence: Number(request.afterSequence ?? 0n),
  };
  const begin = await beginOf(store, asked);
  let at: AuditPosition = asked;
  const caller = { name, credential, address };
  const detail = { after: `${at.revision}.${at.sequence}` };
  await trail.record({ action: 'audit.read', outcome: 'done', caller, detail });
  yield `${JSON.stringify(begin)}\n`;
  for (let looks = 0; ; looks += 1) {
    const rows = await auditRowsAfter(store.database.kysely, at, PAGE);
    if (rows.length > 0) yield rows.map((row) => textOf(row)).join('');
    at = positionAfter(rows, at);
    if (call.signal.aborted) return;
    if (rows.length > 0) continue;
    if (!request.follow) break;
    if (looks % SIGN_OF_LIFE_LOOKS === 0) yield '';
    await pause(call.signal);
  }
  if (ports.key !== undefined) {
    const ends = await store.linksAt(at, ports.clock.now());
    yield `${JSON.stringify({ type: 'head', ...signedHead(ends, ports.key) })}\n`;
  }
}

/** @throws RpcError where the trail does not reach so far */
async function beginOf(store: AuditStore, at: AuditPosition): Promise<BeginLine> {
  const links = await store.linksAt(at, 0);
  if (links.hash === '' || links.eventHash === '') {
    throw new RpcError(
      Code.failedPrecondition,
      `the trail has no revision ${at.revision} and event ${at.sequence}: it was restored from a backup since, or is another`,
    );
  }
  const { history, revision, hash, sequence, eventHash } = links;
  return { type: 'begin', format: EXPORT_FORMAT, version: 1, history, revision, hash, sequence, eventHash };
}

function textOf(row: AuditRow): string {
  return `${JSON.stringify(lineOf(row, view))}\n`;
}

function chunksOf(lines: string): readonly Uint8Array<ArrayBuffer>[] {
  const bytes = Buffer.from(lines);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  if (lines === '') return [bytes];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) chunks.push(bytes.subarray(at, at + CHUNK_BYTES));
  return chunks;
}

function pause(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LOOK_MS);
  timer.unref();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
