import { setImmediate as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { create } from '@bufbuild/protobuf';
import {
  ExportSnapshotRequestSchema,
  ExportSnapshotResponseSchema,
  GetSnapshotKeyRequestSchema,
  GetSnapshotKeyResponseSchema,
} from '../../gen/ostiary/v1/snapshots_pb.js';
import type { Clock } from '../clock.ts';
import { UserError } from '../errors.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import { MAGIC, RecordWriter } from '../sync/cache-records.ts';
import { deltaMessages, snapshotMessages } from '../sync/encode.ts';
import type { Hub } from '../sync/hub.ts';
import { qualifiedKey } from '../sync/resource-key.ts';
import { lacksValues, withoutValues } from '../sync/secret-values.ts';
import { signSnapshot } from '../sync/snapshot-file.ts';
import type { ControlAccess } from './access.ts';
import { guardedUnary } from './guarded.ts';
import { signingKeys } from './signing-key.ts';
import type { SigningKeys } from './signing-key.ts';

export interface SnapshotServicePorts {
  readonly hub: Hub;
  readonly access: ControlAccess;
  readonly clock: Clock;
  /** Made where it is not there; undefined: nobody has said where it is. */
  readonly keyFile: string | undefined;
}

const KEY_BYTES = 32;
/** Encoding gives way after so many documents. */
const TURN = 500;
const compressed = promisify(gzip);

/** The methods of SnapshotService. */
export function snapshotMethods({ hub, access, clock, keyFile }: SnapshotServicePorts): readonly Method[] {
  const unary = guardedUnary('ostiary.v1.SnapshotService', access);
  return [
    unary('ExportSnapshot', ExportSnapshotRequestSchema, ExportSnapshotResponseSchema, async (request) => {
      const { encryptionKey } = request;
      if (encryptionKey.length !== 0 && encryptionKey.length !== KEY_BYTES)
        throw new RpcError(Code.invalidArgument, `encryption_key: expected ${KEY_BYTES} bytes, or none`);
      const keys = await keysOf(keyFile);
      const { namespaces = [], apis = [], labels = {} } = request.scope ?? {};
      const scope = { namespaces, apis, labels };
      await hub.advance();
      // All of one moment: what is encoded later does not change.
      const { view } = hub.viewOf(scope);
      const { head: position } = hub;
      const commit = { position, stateHash: view.stateHash, adopted: false };
      const key = encryptionKey.length === 0 ? undefined : Buffer.from(encryptionKey);
      const resources = [...view.members()].map((entry) => (key === undefined ? withoutValues(entry) : entry));
      let count = 0;
      const messages = await snapshotMessages(resources, () => (++count % TURN === 0 ? pause() : undefined));
      const writer = new RecordWriter(key);
      const records = [...messages, ...deltaMessages([], () => undefined, commit)].map((each) =>
        writer.record(each, true),
      );
      const kinds: Record<string, number> = {};
      for (const { kind } of resources) kinds[kind] = (kinds[kind] ?? 0) + 1;
      const head = { ...position, createdAt: clock.now(), scope, kinds, isEncrypted: key !== undefined };
      const file = signSnapshot(head, [MAGIC, ...records], keys);
      return create(ExportSnapshotResponseSchema, {
        fileGzip: await compressed(file),
        secretsWithoutValues: resources.filter(lacksValues).map(qualifiedKey),
      });
    }),
    unary('GetSnapshotKey', GetSnapshotKeyRequestSchema, GetSnapshotKeyResponseSchema, async () => {
      const { publicKey } = await keysOf(keyFile);
      return create(GetSnapshotKeyResponseSchema, {
        publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
      });
    }),
  ];
}

/** @throws RpcError (rejects with it) */
async function keysOf(file: string | undefined): Promise<SigningKeys> {
  const needed = 'start the control plane with --snapshot-key-file FILE';
  if (file === undefined)
    throw new RpcError(Code.failedPrecondition, `there is no key to sign snapshots with: ${needed}`);
  try {
    return await signingKeys('--snapshot-key-file', file);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new RpcError(Code.failedPrecondition, error.message);
  }
}
