/** Where a proxy tells each part of the request that it asks about. Each is the name of a header in lower case. */
export interface Profile {
  readonly method: string | typeof REQUEST_LINE;
  /** The path with its query, as the caller sent it. */
  readonly path: string | typeof REQUEST_LINE;
  readonly host: string;
  readonly scheme: string;
  /** The last of several addresses counts: the proxy appended it. */
  readonly clientAddress: string;
  /** Which statuses of a denial the proxy gives to its client as they are: any other it takes for an error or an allow. */
  readonly passesOn: (status: number) => boolean;
  /** How the proxy is told what to change in the request; undefined: it only does what its configuration says. */
  readonly changes: Changes | undefined;
}

/** The headers of an allow by which a proxy changes the request. */
export interface Changes {
  /** Lists the headers to remove, by comma. */
  readonly removed: string;
  /** Lists the headers of the answer that are for the upstream, by comma; undefined: the proxy's configuration names them. */
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
  // Any success is an allow.
  passesOn: (status) => status >= 300,
  changes: undefined,
};

/** By the names of `--http-profile`. */
export const PROFILES = {
  /**
   * Envoy's `http_service`, which asks with the request itself, without its body. It takes 200 alone for an allow, and
   * 5xx for a failure of the service, which passes where `failure_mode_allow` says so.
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
  /** `auth_request` with the headers that its configuration sets. It takes all but 2xx, 401 and 403 for an error. */
  nginx: { ...ORIGINAL, passesOn: (status) => status === 401 || status === 403, changes: undefined },
  /** ForwardAuth. */
  traefik: FORWARDED,
  /** `forward_auth`. */
  caddy: FORWARDED,
  /** The Lua action of the guide: 200 is an allow, and of a denial it reads `x-ostiary-status`. */
  haproxy: {
    ...ORIGINAL,
    passesOn: (status) => status >= 300,
    changes: { removed: 'x-ostiary-remove', set: 'x-ostiary-set' },
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;
