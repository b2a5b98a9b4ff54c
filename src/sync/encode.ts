import { create, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { FollowResponseSchema, RefusalReason } from '../../gen/ostiary/v1/sync_pb.js';
import type {
  CommitSchema,
  SyncedKeySchema,
  SyncedResourceSchema,
  UpdateSchema,
} from '../../gen/ostiary/v1/sync_pb.js';
import { toPositionMessage } from './position.ts';
import type { Position } from './position.ts';
import type { SyncedResource } from './resource-key.ts';

/** What a message holds before it is sent: a stream whose reader is slow holds so much, and the transport of all bounds the sum. */
const CHUNK_BYTES = 64 * 1024;
/** Of a resource or a key, beside its texts. */
const OVERHEAD_BYTES = 40;

export interface CommitOf {
  readonly position: Position;
  readonly stateHash: bigint;
  readonly adopted: boolean;
}

export const PING = response({ case: 'ping', value: {} });

export function unknownHistory(detail: string): Uint8Array {
  return response({ case: 'refusal', value: { reason: RefusalReason.UNKNOWN_HISTORY, detail } });
}

/** What has changed, in messages of bounded size; the commit is in the last one. */
export function deltaMessages(
  keys: Iterable<string>,
  get: (key: string) => SyncedResource | undefined,
  commit: CommitOf,
): readonly Uint8Array[] {
  const messages: Uint8Array[] = [];
  const pages = new Pages((page) => messages.push(update(page)));
  for (const key of keys) {
    const entry = get(key);
    if (entry === undefined) pages.remove(key);
    else pages.upsert(entry);
  }
  messages.push(update({ ...pages.take(), commit: toCommit(commit) }));
  return messages;
}

/** Everything, in messages without a commit. Comes to rest between messages, so that others get their turn. */
export async function snapshotMessages(
  entries: Iterable<SyncedResource>,
  giveWay: () => Promise<void> | undefined,
): Promise<readonly Uint8Array[]> {
  const messages: Uint8Array[] = [];
  const pages = new Pages((page) => messages.push(update({ ...page, snapshot: messages.length === 0 })));
  for (const entry of entries) {
    pages.upsert(entry);
    const pause = giveWay();
    if (pause !== undefined) await pause;
  }
  messages.push(update({ ...pages.take(), snapshot: messages.length === 0 }));
  return messages;
}

type Page = Pick<MessageInitShape<typeof UpdateSchema>, 'upserts' | 'removals'>;

/** Cuts a list into messages. */
class Pages {
  readonly #full: (page: Page) => void;
  #upserts: MessageInitShape<typeof SyncedResourceSchema>[] = [];
  #removals: MessageInitShape<typeof SyncedKeySchema>[] = [];
  #bytes = 0;

  constructor(full: (page: Page) => void) {
    this.#full = full;
  }

  upsert({ key, kind, namespace, name, revision, createdRevision, owner, text }: SyncedResource): void {
    this.#makeRoom(key.length + text.length);
    this.#upserts.push({
      kind,
      namespace,
      name,
      revision: BigInt(revision),
      createdRevision: BigInt(createdRevision),
      document: text,
      owner,
    });
  }

  remove(key: string): void {
    this.#makeRoom(key.length);
    const [kind = '', namespace = '', name = ''] = key.split('\n');
    this.#removals.push({ kind, namespace, name });
  }

  take(): Page {
    const page = { upserts: this.#upserts, removals: this.#removals };
    this.#upserts = [];
    this.#removals = [];
    this.#bytes = 0;
    return page;
  }

  #makeRoom(bytes: number): void {
    if (this.#bytes > 0 && this.#bytes + bytes > CHUNK_BYTES) this.#full(this.take());
    this.#bytes += bytes + OVERHEAD_BYTES;
  }
}

function toCommit({ position, stateHash, adopted }: CommitOf): MessageInitShape<typeof CommitSchema> {
  return { position: toPositionMessage(position), stateHash, adopted };
}

function update(value: MessageInitShape<typeof UpdateSchema>): Uint8Array {
  return response({ case: 'update', value });
}

function response(message: MessageInitShape<typeof FollowResponseSchema>['message']): Uint8Array {
  return toBinary(FollowResponseSchema, create(FollowResponseSchema, message === undefined ? {} : { message }));
}
