import { create, toBinary } from '@bufbuild/protobuf';
import { BackupService, DownloadResponseSchema } from '../../gen/ostiary/v1/backup_pb.js';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import { readBackup } from '../registry/backup.ts';
import type { RegistryTables } from '../registry/tables.ts';
import type { ControlAccess } from './access.ts';
import { BACKUP_TABLES } from './backup-tables.ts';
import { tellDatabase } from './guarded.ts';

export interface BackupServicePorts {
  readonly database: Database<RegistryTables>;
  readonly access: ControlAccess;
  readonly clock: Clock;
}

const PATH = '/ostiary.v1.BackupService/Download';
/** Clients of gRPC take messages of 4 MiB unless told otherwise. */
const CHUNK_BYTES = 256 * 1024;
/** Each reads all of the database. */
const MOST_AT_ONCE = 2;

/** The methods of `ostiary.v1.BackupService`. */
export function backupMethods({ database, access, clock }: BackupServicePorts): readonly Method[] {
  let underWay = 0;
  async function* download(call: Call): AsyncGenerator<Uint8Array> {
    await access(PATH, call);
    if (underWay >= MOST_AT_ONCE)
      throw new RpcError(Code.resourceExhausted, `${MOST_AT_ONCE} backups are under way: try again later`);
    underWay++;
    try {
      const { head, lines } = await readBackup(database, BACKUP_TABLES, clock.now());
      const { history, revision } = head;
      yield messageOf({ head: { history, revision: BigInt(revision) } });
      for await (const chunk of chunksOf(lines)) {
        if (call.signal.aborted) return;
        yield messageOf({ content: chunk });
      }
    } catch (error) {
      tellDatabase(error);
    } finally {
      underWay--;
    }
  }
  return [
    {
      kind: 'server_streaming',
      path: `/${BackupService.typeName}/Download`,
      handle: (_request, call) => download(call),
    },
  ];
}

function messageOf(message: Parameters<typeof create<typeof DownloadResponseSchema>>[1]): Uint8Array {
  return toBinary(DownloadResponseSchema, create(DownloadResponseSchema, message));
}

/** The lines in pieces of about one size, however long each is. */
async function* chunksOf(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let waiting: Buffer<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const line of lines) {
    let rest = Buffer.from(line);
    while (bytes + rest.length >= CHUNK_BYTES) {
      const taken = CHUNK_BYTES - bytes;
      yield Buffer.concat([...waiting, rest.subarray(0, taken)]);
      rest = rest.subarray(taken);
      waiting = [];
      bytes = 0;
    }
    waiting.push(rest);
    bytes += rest.length;
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}
