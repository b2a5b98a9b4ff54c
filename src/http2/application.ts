import type { HeaderField } from './header-field.ts';
import type { RequestHead } from './request-head.ts';
import type { Stream, StreamHost } from './stream.ts';

/** What is served on the connections of a listener. */
export interface Application {
  /** Fields that most answers have: kept in each peer's HPACK table. */
  readonly keptFields: ReadonlySet<HeaderField>;
  /** Requests are given with all of their fields: it costs what it keeps. */
  readonly keepsAllFields: boolean;
  /** Called once a connection; what it returns is called for each request. */
  accept(host: StreamHost): OpenRequest;
}

/** Makes the stream that serves a request. It may answer from its `start` on. */
export type OpenRequest = (id: number, head: RequestHead) => Stream;
