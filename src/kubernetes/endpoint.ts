import type { Agent, RequestOptions } from 'node:https';

/** What a request needs beside its path: TLS and credentials, as they are now. */
export type Access = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'> & {
  readonly headers?: Readonly<Record<string, string>>;
  /** Basic authentication: `user:password`. */
  readonly auth?: string;
};

/** Where an API server is, and as whom it is asked. */
export interface Endpoint {
  /** May have a path, under which everything is. */
  readonly url: URL;
  /** What it is called, for people: of a kubeconfig, its context. */
  readonly context: string;
  /** The namespace that commands mean where they name none. */
  readonly namespace: string;
  /** Read anew for each request: tokens and certificates are renewed in their files. */
  access(): Promise<Access>;
  /** The server took the credentials for nobody's: they are got anew. */
  forget(): void;
  /** Undefined: no proxy leads there. */
  readonly agent: Agent | undefined;
}

/** Of an agent: a connection that nobody uses ends before load balancers forget it. */
export const CONNECTIONS = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 4, timeout: 30_000 } as const;
