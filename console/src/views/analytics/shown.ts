import type { Filter } from './filters.ts';
import type { Span } from './series.ts';

/** What all parts of the view show: which requests, of which time, and what may be done with a span of it. */
export interface Shown {
  readonly address: URL;
  readonly filters: readonly Filter[];
  readonly time: { readonly last: string } | { readonly since: string; readonly until: string };
  readonly stepS: number;
  /** All is asked again when it changes. */
  readonly round: number;
  readonly onZoom: (fromS: number, untilS: number) => void;
  readonly onOpen: (span: Span) => void;
  readonly openS: number | undefined;
  /** The address of the sampled requests of a span. */
  readonly samplesOf: (span: Pick<Span, 'startS'>) => string;
}
