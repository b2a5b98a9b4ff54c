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
  /** With the socket. */
  | { readonly kind: 'connection' }
  | { readonly kind: 'tls'; readonly tls: TlsText }
  /** What gRPC health says from now on. */
  | { readonly kind: 'health'; readonly isServing: boolean }
  | { readonly kind: 'drain'; readonly timeoutMs: number }
  | { readonly kind: 'metrics'; readonly id: number }
  | { readonly kind: 'series'; readonly id: number; readonly place: SeriesPlace }
  | { readonly kind: 'refresh_keys'; readonly id: number; readonly url: string | undefined }
  /** To be answered at once: a worker that does not is stuck. */
  | { readonly kind: 'ping' }
  /** Answers of scripts: numbers, or why there are none. */
  | { readonly kind: 'answers'; readonly answers: readonly ScriptAnswer[] }
  | { readonly kind: 'reset'; readonly key: string; readonly epoch: number }
  /** Of an epoch, if there is one. */
  | {
      readonly kind: 'key';
      readonly question: number;
      /** In base64. */
      readonly key: string | undefined;
      readonly why: 'away' | 'unshared' | undefined;
    }
  /** What became of claims, in their order; undefined: nobody says. */
  | { readonly kind: 'claimed'; readonly question: number; readonly credits: readonly Credit[] | undefined }
  /** Entries of decisions of this worker have come to others. */
  | { readonly kind: 'claims'; readonly id: number; readonly sequences: readonly number[] }
  /** Other replicas can't tell us just now of entries that came to them. */
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
  /** What was counted of requests, where the owner keeps it. */
  | { readonly kind: 'slot'; readonly slot: Slot }
  | { readonly kind: 'pong' }
  | { readonly kind: 'drained' }
  /** Under which number and key (base64) this worker gives decisions ids. */
  | { readonly kind: 'epoch'; readonly epoch: number; readonly key: string }
  | { readonly kind: 'key_wanted'; readonly question: number; readonly epoch: number }
  /** Entries of decisions of others have come here. */
  | {
      readonly kind: 'claims';
      readonly question: number;
      readonly epoch: number;
      readonly sequences: readonly number[];
    }
  /** What became of claims of this worker's decisions, in their order. */
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
