import type { Denial } from '../denial/denial.ts';
import type { Check } from '../request/check.ts';
import { clientAddress } from '../request/client-address.ts';
import { hostOf } from '../request/host.ts';
import { normalizePath, pathBelow } from '../request/path.ts';
import type { NormalPath } from '../request/path.ts';
import type { Api, Snapshot } from '../snapshot/snapshot.ts';

/** Where a request goes and where it comes from. */
export interface Located {
  readonly reason?: undefined;
  /** Undefined: no API matches, and such requests are allowed. */
  readonly api: Api | undefined;
  readonly path: NormalPath;
  /** What rules see: the normalised path after the API's base path. */
  readonly pathBelowBase: string;
  readonly clientAddress: string;
}

export interface LocateOptions {
  readonly unmatched: 'deny' | 'allow';
  readonly trustedHops: number;
}

/** The route's own word for its API, which no client can set. */
const API_EXTENSION = 'ostiary.api';

/** Finds the API of a Check: by its route's `context_extensions`, else by host and path. */
export function locate(snapshot: Snapshot, check: Check, options: LocateOptions): Located | Denial {
  if (!check.isHttp) return { reason: 'request_not_http', detail: 'the Check describes no HTTP request' };
  const host = hostOf(check.host);
  if (host === undefined) {
    return { reason: 'host_malformed', detail: 'the host is no name or address with at most a port' };
  }
  const path = normalizePath(check.path, check.method);
  if (typeof path === 'string') return { reason: 'path_malformed', detail: path };
  const named = check.contextExtension(API_EXTENSION);
  const api = named === undefined ? snapshot.apiFor(host, path.path) : snapshot.apiNamed(named);
  if (api === undefined && (named !== undefined || options.unmatched === 'deny')) {
    return { reason: 'api_unknown', detail: whyUnknown(named) };
  }
  return {
    api,
    path,
    pathBelowBase: api === undefined ? path.path : pathBelow(api.basePath, path.path),
    clientAddress: clientAddress(check, options.trustedHops),
  };
}

function whyUnknown(named: string | undefined): string {
  return named === undefined
    ? 'no API has this host and path'
    : `the route names the API ${JSON.stringify(named)} in context_extensions["${API_EXTENSION}"], and there is none`;
}
