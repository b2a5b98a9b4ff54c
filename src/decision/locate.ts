import type { Denial } from '../denial/denial.ts';
import type { Check } from '../request/check.ts';
import type { ClientAddressOptions } from '../request/client-address.ts';
import { EXACT_HOSTS, hostOf, nameOfHost } from '../request/host.ts';
import type { HostMatching } from '../request/host.ts';
import { basePathAsSent, normalizePath, pathBelow } from '../request/path.ts';
import type { NormalPath } from '../request/path.ts';
import type { Api, Snapshot } from '../snapshot/snapshot.ts';

/** Where a request goes. */
export interface Located {
  readonly reason?: undefined;
  /** Undefined: no API matches, and such requests are allowed. */
  readonly api: Api | undefined;
  readonly path: NormalPath;
  /** What rules see: the normalised path after the API's base path. */
  readonly pathBelowBase: string;
  /** The same for the other readings of the path: rules see all of them. */
  readonly otherPathsBelowBase: readonly string[];
}

export interface LocateOptions extends ClientAddressOptions {
  readonly unmatched: 'deny' | 'allow';
  /** Absent: hosts are compared exactly. */
  readonly hosts?: HostMatching;
  hostDiffers?(difference: HostDifference): void;
}

/** A request that would be for another API if its host had no port, and no dot at its end. */
export interface HostDifference {
  /** As it was compared. */
  readonly host: string;
  /** The API for the host's name without port and final dot. */
  readonly api: string;
  /** Whether the request is refused, or decided for another API. */
  readonly outcome: 'refused' | 'other_api';
}

const NONE: readonly string[] = [];

/** The API that the route names; no client can set this. */
export const API_EXTENSION = 'ostiary.api';

/** Finds the API of a Check: by its route's `context_extensions`, else by host and path. */
export function locate(snapshot: Snapshot, check: Check, options: LocateOptions): Located | Denial {
  if (!check.isHttp) return { reason: 'request_not_http', detail: 'the Check describes no HTTP request' };
  const host = hostOf(check.host, options.hosts ?? EXACT_HOSTS);
  if (host === undefined) {
    return {
      reason: 'host_malformed',
      detail: 'the host is not a name or address with at most one final dot and a port',
    };
  }
  const path = normalizePath(check.path, check);
  if (typeof path === 'string') return { reason: 'path_malformed', detail: path };
  const named = check.contextExtension(API_EXTENSION);
  const found = named === undefined ? apiOf(snapshot, host, path, options) : apiNamed(snapshot, named, path);
  if (path.readings?.hasEncodedSlash === true && !takesSlashes(found)) {
    return { reason: 'path_malformed', detail: 'the path has an encoded slash, and no API that takes it' };
  }
  if (found?.reason !== undefined) return found;
  return {
    api: found,
    path,
    pathBelowBase: belowBase(found, path.path),
    otherPathsBelowBase: path.readings === undefined ? NONE : path.readings.decoded.map((one) => belowBase(found, one)),
  };
}

type Found = (Api & { readonly reason?: undefined }) | undefined;

function takesSlashes(found: Found | Denial): boolean {
  return found !== undefined && found.reason === undefined && found.encodedSlashes === 'keep';
}

function apiOf(snapshot: Snapshot, host: string, path: NormalPath, options: LocateOptions): Found | Denial {
  const api = snapshot.apiFor(host, path.path);
  if (path.readings !== undefined) {
    const { asSent, decoded } = path.readings;
    const isOne =
      asSent.every((reading) => snapshot.apiFor(host, reading, 'as sent') === api) &&
      decoded.every((reading) => snapshot.apiFor(host, reading) === api);
    if (!isOne) return { reason: 'path_malformed', detail: 'the path leads to different APIs, as one reads it' };
  }
  if (api === undefined || api.hosts.length === 0) {
    const refused = tellDifference(snapshot, host, path, api, options);
    if (refused !== undefined) return refused;
  }
  if (api === undefined && snapshot.withheld !== undefined) return unknownDocuments(snapshot.withheld);
  if (api === undefined && options.unmatched === 'deny') {
    return { reason: 'api_unknown', detail: 'no API has this host and path' };
  }
  return api;
}

/** An API's name with a port: whether ports count is a setting of Envoy, and ostiary must have the same. */
function tellDifference(
  snapshot: Snapshot,
  host: string,
  path: NormalPath,
  found: Api | undefined,
  options: LocateOptions,
): Denial | undefined {
  const name = nameOfHost(host);
  if (name === host) return undefined;
  const meant = snapshot.apiFor(name, path.path);
  if (meant === found || meant === undefined) return undefined;
  options.hostDiffers?.({ host, api: meant.name, outcome: found === undefined ? 'refused' : 'other_api' });
  // This holds whatever `--unmatched` says: Envoy may have routed this request to an API.
  if (found !== undefined) return undefined;
  const detail =
    `no API has this host with its port or final dot; without them it is the API ${meant.name}: ` +
    'list the host so in its hosts, or see --host-port and --host-final-dot';
  return { reason: 'api_unknown', detail };
}

function apiNamed(snapshot: Snapshot, named: string, path: NormalPath): Found | Denial {
  const api = snapshot.apiNamed(named);
  const where = `context_extensions["${API_EXTENSION}"]`;
  if (api === undefined) {
    if (snapshot.withheld !== undefined) return unknownDocuments(snapshot.withheld);
    const detail = `the route names the API ${JSON.stringify(named)} in ${where}, and there is none`;
    return { reason: 'api_unknown', detail };
  }
  if (isBelow(api.basePath, path)) return api;
  const detail = `the route names the API ${api.name} in ${where}, and the path is not below its base path ${api.basePath}`;
  return { reason: 'api_unknown', detail };
}

/** The request may be for an API of which nobody can tell. */
function unknownDocuments(detail: string): Denial {
  return { reason: 'documents_faulty', detail };
}

/** This holds for every reading: a path that is outside in one reading does not belong to the API. */
function isBelow(basePath: string, { path, readings }: NormalPath): boolean {
  if (basePath === '/') return true;
  if (pathBelow(basePath, path) === undefined) return false;
  if (readings === undefined) return true;
  const sent = basePathAsSent(basePath);
  return (
    readings.asSent.every((reading) => pathBelow(sent, reading) !== undefined) &&
    readings.decoded.every((reading) => pathBelow(basePath, reading) !== undefined)
  );
}

function belowBase(api: Api | undefined, path: string): string {
  return api === undefined ? path : (pathBelow(api.basePath, path) ?? path);
}
