import type { Credit } from '../analytics/ledger.ts';
import type { MetricObject } from 'prom-client';
import type { SeriesPart, SeriesPlace } from '../observe/merged-families.ts';
import type { KeySetRefresh } from '../operator/keys.ts';
import type { StoreScript } from '../quota/counter-metrics.ts';
import type { Slot } from '../rollup/slot.ts';
import type { Keyspaces } from '../script/script-call.ts';

// The messages between the owner and its workers, over the channel of a forked process. The owner listens, passes
// connections to workers, and owns the counters in memory. The workers decide.

/** PEM as latin1 text. */
export interface TlsText {
  readonly certificate: string;
  readonly key: string;
  readonly clientAuthorities: string | undefined;
}

export type ToWorker =
  | {
      readonly kind: 'serve';
      readonly tls: TlsText | undefined;
      readonly maxMessageBytes: number;
      readonly gzip: boolean;
    }
  /** Sent with the socket. */
  | { readonly kind: 'connection' }
  | { readonly kind: 'tls'; readonly tls: TlsText }
  /** The state that gRPC health reports from now on. */
  | { readonly kind: 'health'; readonly isServing: boolean }
  | { readonly kind: 'drain'; readonly timeoutMs: number }
  | { readonly kind: 'metrics'; readonly id: number }
  | { readonly kind: 'series'; readonly id: number; readonly place: SeriesPlace }
  | { readonly kind: 'refresh_keys'; readonly id: number; readonly url: string | undefined }
  /** A worker must answer at once; one that does not is stuck. */
  | { readonly kind: 'ping' }
  /** The replies of scripts: numbers, or why there are none. */
  | { readonly kind: 'answers'; readonly answers: readonly ScriptAnswer[] }
  | { readonly kind: 'reset'; readonly key: string; readonly epoch: number }
  /** The key of an epoch, if it is known. */
  | {
      readonly kind: 'key';
      readonly question: number;
      /** In base64. */
      readonly key: string | undefined;
      readonly why: 'away' | 'unshared' | undefined;
    }
  /** The results of claims, in their order; undefined: unknown. */
  | { readonly kind: 'claimed'; readonly question: number; readonly credits: readonly Credit[] | undefined }
  /** Entries of this worker's decisions that arrived at other processes. */
  | { readonly kind: 'claims'; readonly id: number; readonly sequences: readonly number[] }
  /** Other replicas can't report entries to us at the moment. */
  | { readonly kind: 'sharing_broken' };

export type ToOwner =
  /** Documents are loaded. */
  | { readonly kind: 'loaded' }
  | { readonly kind: 'serving' }
  | { readonly kind: 'closed'; readonly connections: number }
  | { readonly kind: 'metrics'; readonly id: number; readonly metrics: readonly MetricObject[] }
  | { readonly kind: 'series'; readonly id: number; readonly part: SeriesPart }
  | { readonly kind: 'keys_refreshed'; readonly id: number; readonly sets: readonly KeySetRefresh[] }
  | { readonly kind: 'scripts'; readonly calls: readonly ScriptQuestion[] }
  /** A slot of counts, for the owner's history. */
  | { readonly kind: 'slot'; readonly slot: Slot }
  | { readonly kind: 'pong' }
  | { readonly kind: 'drained' }
  /** The number and the key (base64) of this worker's epoch. */
  | { readonly kind: 'epoch'; readonly epoch: number; readonly key: string }
  | { readonly kind: 'key_wanted'; readonly question: number; readonly epoch: number }
  /** Entries of other processes' decisions that arrived here. */
  | {
      readonly kind: 'claims';
      readonly question: number;
      readonly epoch: number;
      readonly sequences: readonly number[];
    }
  /** The results of claims about this worker's decisions, in their order. */
  | { readonly kind: 'claimed'; readonly id: number; readonly credits: readonly Credit[] };

export interface ScriptQuestion {
  readonly id: number;
  readonly script: StoreScript;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
  readonly keyspaces?: Keyspaces | undefined;
}

export interface ScriptAnswer {
  readonly id: number;
  readonly reply: readonly number[] | string;
}
