import type { Fault } from '../errors.ts';
import type { RelayedDocuments } from './document-relay.ts';
import type { Credit } from '../analytics/ledger.ts';
import type { Mark } from '../analytics/mark.ts';
import type { MetricObject } from 'prom-client';
import type { SampledRequest, SampleQuestion } from '../analytics/sampled-request.ts';
import type { EnvoyLossIn } from '../analytics/envoy-losses.ts';
import type { SeriesPart, SeriesPlace } from '../observe/merged-families.ts';
import type { KeySetRefresh } from '../operator/keys.ts';
import type { Sighting } from '../operator/probe-watch.ts';
import type { StoreScript } from '../quota/counter-metrics.ts';
import type { Slot } from '../rollup/slot.ts';
import type { Keyspaces } from '../script/script-call.ts';
import type { SinkName } from './event-sinks.ts';

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
  | { readonly kind: 'samples'; readonly id: number; readonly question: SampleQuestion }
  | { readonly kind: 'expect_probe'; readonly id: number; readonly nonce: string }
  | { readonly kind: 'tell_probe'; readonly id: number; readonly nonce: string }
  /** The owner has a batch of events. */
  | { readonly kind: 'events_kept'; readonly number: number }
  /** Of a control plane, which the owner follows. */
  | { readonly kind: 'documents'; readonly id: number; readonly documents: RelayedDocuments }
  | { readonly kind: 'control_heard'; readonly heardAt: number }
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
  /** The worker has none yet, and the owner has them. */
  | { readonly kind: 'documents_wanted' }
  /** With the faults that they have; none: they are in force. */
  | { readonly kind: 'documents_taken'; readonly id: number; readonly faults: readonly Fault[] }
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
  | { readonly kind: 'samples'; readonly id: number; readonly samples: readonly SampledRequest[] }
  | { readonly kind: 'probe_expected'; readonly id: number; readonly until: number | undefined }
  | { readonly kind: 'probe_told'; readonly id: number; readonly sightings: readonly Sighting[] | undefined }
  | EventBatch
  /** An Envoy has begun to stream its log. */
  | { readonly kind: 'log_stream' }
  | { readonly kind: 'losses'; readonly losses: readonly EnvoyLossIn[] }
  | { readonly kind: 'pong' }
  | { readonly kind: 'drained' }
  /** The number and the key (base64) of this worker's epoch. */
  | { readonly kind: 'epoch'; readonly epoch: number; readonly key: string }
  /** How the accounts of this worker's decisions are. */
  | { readonly kind: 'mark'; readonly mark: Mark }
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

/** Events for a sink of the owner. */
export interface EventBatch {
  readonly kind: 'events';
  /** To be told when the owner has it. */
  readonly number: number;
  readonly sink: SinkName;
  readonly events: number;
  /** Lines, or what is compressed as base64. */
  readonly body: string;
}

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
