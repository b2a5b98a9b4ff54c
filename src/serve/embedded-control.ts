import type { EvaluatorPorts } from '../alerts/evaluator.ts';
import type { SampledRequest } from '../analytics/sampled-request.ts';
import type { Loaded } from '../document/load.ts';
import type { OpenedHistory } from '../history/open-history.ts';
import type { ControlConnection } from '../sync/connection.ts';

/** A control plane in this process, as its sidecar sees it. */
export interface EmbeddedControl {
  /** The sidecar's name. */
  readonly node: string;
  /** Where the sidecar's credential is kept. */
  readonly folder: string;
  /** Of the requests of all sidecars: this one writes its own there. Whoever has opened it closes it. */
  readonly history: OpenedHistory;
  /** Keeps samples of this sidecar's requests, as it keeps those of all. */
  takeSamples(samples: readonly SampledRequest[]): void;
  /** Tells people of alerts that this sidecar evaluates. */
  readonly occurred: NonNullable<EvaluatorPorts['occurred']>;
  connect(): ControlConnection;
  /** @returns a token with which the sidecar joins, once */
  admit(): Promise<string>;
  /** Takes over what is in force of documents in files, for everybody to see. */
  mirror(files: FilesInForce): void;
}

/** The owner of resources that stand in files. */
export const OWNER_OF_FILES = 'files';

/** What became of the documents of a folder. */
export interface FilesInForce {
  readonly documents: readonly FileDocument[];
  /** Whether a resource that is in none of the documents may stay: its file has a fault, or nobody knows. */
  readonly mayStay: (key: string, file: string) => boolean;
}

export interface FileDocument {
  readonly loaded: Loaded;
  readonly file: string;
  /** As it is written. */
  readonly written: unknown;
}
