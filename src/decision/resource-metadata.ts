import type { DirectAnswer } from '../policy/extras.ts';
import type { Check } from '../request/check.ts';
import { EXACT_HOSTS, hostOf } from '../request/host.ts';
import { normalizePath, readsOneWay } from '../request/path.ts';
import { WELL_KNOWN } from '../snapshot/resource-index.ts';
import type { Api, Snapshot } from '../snapshot/snapshot.ts';
import { NOTHING_DECIDED } from './decision.ts';
import type { Decision } from './decision.ts';
import { API_EXTENSION } from './locate.ts';
import type { LocateOptions } from './locate.ts';

/** It is public, and scripts in browsers read it too. */
const OPEN = [['access-control-allow-origin', '*']] as const;

const ANSWERS: ReadonlyMap<string, (body: string) => DirectAnswer> = new Map([
  ['GET', document],
  // Envoy leaves the body out.
  ['HEAD', document],
  ['OPTIONS', preflight],
]);

/**
 * Answers a request for the metadata of an API (RFC 9728, 3) before any policy is asked, because the metadata tell
 * clients how to authenticate. The answer contains only what is in the documents; the request only chooses the API.
 * @returns undefined if it is not such a request, or there is no such API: it is decided like any other request
 */
export function metadataDecision(snapshot: Snapshot, check: Check, options: LocateOptions): Decision | undefined {
  if (snapshot.apiOfPublicUrl === undefined || !check.isHttp || !check.path.startsWith(WELL_KNOWN)) return undefined;
  const answer = ANSWERS.get(check.method);
  const path = normalizePath(check.path, check);
  if (answer === undefined || typeof path === 'string' || !readsOneWay(path)) return undefined;
  const below = path.path.slice(WELL_KNOWN.length);
  if (below !== '' && !below.startsWith('/')) return undefined;
  const resource = below.length > 1 && below.endsWith('/') ? below.slice(0, -1) : below || '/';
  const api = apiOf(snapshot, check, resource, options);
  if (api?.metadata === undefined) return undefined;
  return {
    ...NOTHING_DECIDED,
    api: api.name,
    denial: undefined,
    answer: answer(api.metadata.body),
    snapshotVersion: snapshot.version,
  };
}

/**
 * By the API that the route names; otherwise by its public URL; otherwise by where requests reach it, such as an
 * inner host.
 */
function apiOf(snapshot: Snapshot, check: Check, resource: string, options: LocateOptions): Api | undefined {
  const named = check.contextExtension(API_EXTENSION);
  if (named !== undefined) {
    const api = snapshot.apiNamed(named);
    return api?.metadata?.path === resource ? api : undefined;
  }
  const host = hostOf(check.host, options.hosts ?? EXACT_HOSTS);
  if (host === undefined) return undefined;
  const found = snapshot.apiOfPublicUrl?.(host, resource);
  if (found !== undefined) return found;
  const api = snapshot.apiFor(host, resource);
  return api?.basePath === resource ? api : undefined;
}

function document(body: string): DirectAnswer {
  const headers = [['content-type', 'application/json'], ['cache-control', 'max-age=300'], ...OPEN] as const;
  return { httpStatus: 200, headers, body };
}

function preflight(): DirectAnswer {
  const allowed = [
    ['access-control-allow-methods', 'GET, HEAD'],
    ['access-control-allow-headers', '*'],
    ['access-control-max-age', '86400'],
  ] as const;
  return { httpStatus: 204, headers: [...OPEN, ...allowed], body: '' };
}
