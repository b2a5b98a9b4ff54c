import { normalizePath, pathBelow } from '../request/path.ts';
import type { Api } from '../snapshot/snapshot.ts';
import { Span } from './entry.ts';
import type { Entry } from './entry.ts';

/**
 * What is told in place of a request's path: the template of the API's routes that fits, else its base path. So it is one of
 * few, whatever callers send.
 */
export function routeOf(entry: Entry, { basePath, routes }: Pick<Api, 'basePath' | 'routes'>): string {
  if (routes === undefined) return basePath;
  const { method } = entry;
  // Where Envoy has rewritten the path for the upstream, this is what the caller sent.
  const original = entry.text(Span.originalPath);
  const path = normalizePath(original === '' ? entry.text(Span.path) : original, entry);
  const below = typeof path === 'string' ? undefined : pathBelow(basePath, path.path);
  return (below === undefined ? undefined : routes.routeOf(method, below)) ?? basePath;
}
