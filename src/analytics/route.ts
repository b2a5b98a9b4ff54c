import { normalizePath, pathBelow } from '../request/path.ts';
import type { Api } from '../snapshot/snapshot.ts';
import { Span } from './entry.ts';
import type { Entry } from './entry.ts';

type Routed = Pick<Api, 'basePath' | 'routes'>;

/**
 * Returns the template of the API's routes that matches, or the API's base path. Whatever paths callers send, there
 * are only few results.
 */
export function routeOf(entry: Entry, api: Routed): string {
  if (api.routes === undefined) return api.basePath;
  // If Envoy has rewritten the path for the upstream, this is the path that the caller sent.
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
