import type { Clock } from '../clock.ts';
import type { Fault } from '../errors.ts';
import type { Delivery } from '../source/document-source.ts';
import type { CacheFile } from './cache-file.ts';
import type { Enforced } from './conversation.ts';
import type { FollowerEvents } from './follower-events.ts';
import type { SyncedResource } from './resource-key.ts';
import type { Changed, Replica } from './transaction.ts';

/** What else has to enforce what this process does. */
export interface Relay {
  /** @returns faults that others have found; empty: it is in force everywhere. Never rejects. */
  enforce(upserts: readonly SyncedResource[], removals: readonly string[]): Promise<readonly Fault[]>;
}

export interface ControlSourceOptions {
  /** For people: where the documents come from. */
  readonly addresses: readonly string[];
}

export interface ControlSourcePorts {
  readonly clock: Clock;
  /** Undefined: nothing is kept on disk. */
  readonly cache: CacheFile | undefined;
  readonly relay: Relay | undefined;
  /** Reads a file that a document names. */
  readonly readFile: Delivery['readFile'];
  /** Begins to follow. */
  readonly follow: (follower: FollowedSource) => Following;
  readonly events: Pick<FollowerEvents, 'cacheFault'>;
}

/** The sidecar's end of the stream. */
export interface Following {
  /** Something else than what was sent has changed what is in force. */
  tell(enforced: Enforced): void;
  close(): Promise<void>;
}

/** What the sidecar's end of the stream needs of the source. */
export interface FollowedSource {
  readonly replica: Replica;
  readonly enforcedRevision: () => number;
  /** Whether values of Secrets are missing, which were not kept on disk. */
  readonly lacksSecrets: () => boolean;
  enforce(changed: Changed): Promise<Enforced>;
  /** @param at when it told what is in force, in milliseconds since the Unix epoch; absent: now */
  heard(at?: number): void;
}
