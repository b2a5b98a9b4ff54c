import { fromBinary } from '@bufbuild/protobuf';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import {
  GetRequestSchema,
  ListRequestSchema,
  ResourceService,
  WatchRequestSchema,
} from '../../gen/ostiary/v1/resources_pb.js';
import { BackupService } from '../../gen/ostiary/v1/backup_pb.js';
import {
  CreateSidecarTokenRequestSchema,
  ForgetSidecarRequestSchema,
  SidecarService,
} from '../../gen/ostiary/v1/sidecars_pb.js';
import { ExportSnapshotRequestSchema, SnapshotService } from '../../gen/ostiary/v1/snapshots_pb.js';
import { JoinRequestSchema, SyncService } from '../../gen/ostiary/v1/sync_pb.js';
import type { AuditAction, AuditEvent } from '../audit/event.ts';
import { namespaceOr } from './resource-messages.ts';

/** What is told of a call, beside who makes it and how it ends. */
export interface AuditedCall extends Pick<AuditEvent, 'target' | 'detail'> {
  readonly action: AuditAction;
  /** Whether the method itself keeps that it was done, with what it does: here only that it failed. */
  readonly isKeptWithin?: true;
  /** Who has called, where no access knows them. */
  readonly callerName?: string;
}

/** Undefined: this call is none to be told. */
type About = (request: Uint8Array) => AuditedCall | undefined;

function about<I extends DescMessage>(input: I, tell: (request: MessageShape<I>) => AuditedCall | undefined): About {
  return (request) => {
    try {
      return tell(fromBinary(input, request));
    } catch {
      // The method refuses it as well.
      return undefined;
    }
  };
}

const SECRET = 'Secret';

/** Methods whose calls are told before they are answered: those that read secrets or everything, or let somebody in. */
export const AUDITED_METHODS: ReadonlyMap<string, About> = new Map<string, About>([
  [`/${BackupService.typeName}/Download`, () => ({ action: 'backup.read' })],
  [
    `/${SnapshotService.typeName}/ExportSnapshot`,
    about(ExportSnapshotRequestSchema, ({ encryptionKey }) => ({
      action: 'snapshot.read',
      detail: { secrets: encryptionKey.length === 0 ? 'without' : 'encrypted' },
    })),
  ],
  [
    `/${ResourceService.typeName}/Get`,
    about(GetRequestSchema, ({ kind, namespace, name }) =>
      kind === SECRET
        ? { action: 'secret.read', target: { kind, namespace: namespaceOr(namespace), name } }
        : undefined,
    ),
  ],
  [
    `/${ResourceService.typeName}/List`,
    about(ListRequestSchema, ({ keysOnly, kinds, namespaces }) => (keysOnly ? undefined : manyOf(kinds, namespaces))),
  ],
  [
    `/${ResourceService.typeName}/Watch`,
    about(WatchRequestSchema, ({ kinds, namespaces }) => manyOf(kinds, namespaces)),
  ],
  [
    `/${SidecarService.typeName}/CreateSidecarToken`,
    about(CreateSidecarTokenRequestSchema, ({ name }) => ({
      action: 'token.created',
      detail: { for: 'sidecars', name },
      isKeptWithin: true,
    })),
  ],
  [
    `/${SidecarService.typeName}/ForgetSidecar`,
    about(ForgetSidecarRequestSchema, ({ node }) => ({
      action: 'sidecar.forgotten',
      detail: { node },
      isKeptWithin: true,
    })),
  ],
  [`/${SidecarService.typeName}/AdoptHistories`, () => ({ action: 'sidecar.adopted', isKeptWithin: true })],
  [
    `/${SyncService.typeName}/Join`,
    about(JoinRequestSchema, ({ node }) => ({
      action: 'sidecar.joined',
      callerName: `sidecar:${node}`,
      isKeptWithin: true,
    })),
  ],
]);

function manyOf(kinds: readonly string[], namespaces: readonly string[]): AuditedCall | undefined {
  if (kinds.length > 0 && !kinds.includes(SECRET)) return undefined;
  return { action: 'secret.read', detail: { kind: SECRET, namespaces: namespaces.join(' ') || 'all' } };
}
