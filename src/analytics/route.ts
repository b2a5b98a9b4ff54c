import { normalizePath, pathBelow } from '../request/path.ts';
import type { Api } from '../snapshot/snapshot.ts';
import { Span } from './entry.ts';
import type { Entry } from './entry.ts';

type Routed = Pick<Api, 'basePath' | 'routes'>;

/**
 * What is told in place of a request's path: the template of the API's routes that fits, else its base path. So it is one of
 * few, whatever callers send.
 */
export function routeOf(entry: Entry, api: Routed): string {
  if (api.routes === undefined) return api.basePath;
  // Where Envoy has rewritten the path for the upstream, this is what the caller sent.
  const original = entry.text(Span.originalPath);
  return routeOfPath(entry.method, original === '' ? entry.text(Span.path) : original, api);
}

/** @param sent the path as the caller sent it, with its query */
export function routeOfPath(method: string, sent: string, { basePath, routes }: Routed): string {
  if (routes === undefined) return basePath;
  const path = normalizePath(sent, { method });
  const below = typeof path === 'string' ? undefined : pathBelow(basePath, path.path);
  return (below === undefined ? undefined : routes.routeOf(method, below)) ?? basePath;
}
