/** Where a proxy describes each part of the request that it asks about. Each is the name of a header in lower case. */
export interface Profile {
  readonly method: string | typeof REQUEST_LINE;
  /** The path with its query, as the caller sent it. */
  readonly path: string | typeof REQUEST_LINE;
  readonly host: string;
  readonly scheme: string;
  /** If it has several addresses, the last one counts: the proxy appended it. */
  readonly clientAddress: string;
  /**
   * Whether the proxy passes the status of a denial on to its client. It takes any other status for an error or an
   * allow.
   */
  readonly passesOn: (status: number) => boolean;
  /**
   * How an answer can ask the proxy to change the request; undefined: the proxy does only what its configuration
   * says.
   */
  readonly changes: Changes | undefined;
}

/** The headers of an allow that make a proxy change the request. */
export interface Changes {
  /** Lists the headers to remove, separated by commas. */
  readonly removed: string;
  /**
   * Lists the headers of the answer that are for the upstream, separated by commas; undefined: the proxy's
   * configuration names them.
   */
  readonly set: string | undefined;
}

export const REQUEST_LINE = Symbol('request line');

const ORIGINAL = {
  method: 'x-original-method',
  path: 'x-original-uri',
  host: 'x-original-host',
  scheme: 'x-original-proto',
  clientAddress: 'x-real-ip',
} as const;

const FORWARDED: Profile = {
  method: 'x-forwarded-method',
  path: 'x-forwarded-uri',
  host: 'x-forwarded-host',
  scheme: 'x-forwarded-proto',
  clientAddress: 'x-forwarded-for',
  // The proxy takes any 2xx for an allow.
  passesOn: (status) => status >= 300,
  changes: undefined,
};

/** By the names of `--http-profile`. */
export const PROFILES = {
  /**
   * Envoy's `http_service`, which asks with the request itself, without its body. Only 200 is an allow. 5xx counts as
   * a failure of the service, and lets the request pass if `failure_mode_allow` is set.
   */
  envoy: {
    method: REQUEST_LINE,
    path: REQUEST_LINE,
    host: 'host',
    scheme: 'x-ostiary-scheme',
    clientAddress: 'x-ostiary-client-address',
    passesOn: (status) => status === 204 || (status >= 300 && status < 500),
    changes: { removed: 'x-envoy-auth-headers-to-remove', set: undefined },
  },
  /** `auth_request` with headers that its configuration sets. Any status but 2xx, 401 and 403 counts as an error. */
  nginx: { ...ORIGINAL, passesOn: (status) => status === 401 || status === 403, changes: undefined },
  /** ForwardAuth. */
  traefik: FORWARDED,
  /** `forward_auth`. */
  caddy: FORWARDED,
  /** The Lua action of the guide: 200 is an allow, and it reads `x-ostiary-status` of a denial. */
  haproxy: {
    ...ORIGINAL,
    passesOn: (status) => status >= 300,
    changes: { removed: 'x-ostiary-remove', set: 'x-ostiary-set' },
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;
