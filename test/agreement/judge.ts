import type { Seen } from './upstreams.ts';
import type { WireRequest } from './wire-client.ts';

/** APIs that nobody reaches without credentials. */
const CLOSED: ReadonlySet<string> = new Set(['private', 'deep']);
const OWNED_HEADERS: ReadonlySet<string> = new Set(['x-ostiary-client-id', 'x-ostiary-client-name', 'x-ostiary-tier']);

/**
 * What is wrong with an upstream's having seen a request that brought no credentials; undefined where nothing is.
 * Made without any of the code that it judges.
 * @param isRewritten the route has cut the base path
 */
export function wrong(request: WireRequest, seen: Seen, isRewritten: boolean): string | undefined {
  if (seen.decided !== seen.upstream) return `decided as ${JSON.stringify(seen.decided)}, routed to ${seen.upstream}`;
  if (CLOSED.has(seen.upstream)) return `${seen.upstream} is for clients alone`;
  if (['orders', 'gitlab'].includes(seen.upstream) && isAdmin(seen.path, isRewritten)) {
    return `${seen.upstream} got ${seen.path}, which is for clients alone`;
  }
  if (seen.upstream === 'wild' && request.headers.some(([name, value]) => name === 'x-env' && saysProd(value))) {
    return 'wild got a request for prod, which is for clients alone';
  }
  for (let i = 0; i < seen.headers.length; i += 2) {
    const name = seen.headers[i] as string;
    if (OWNED_HEADERS.has(name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')))
      return `the upstream got the caller's ${name}`;
  }
  return undefined;
}

function saysProd(value: string): boolean {
  return value.split(',').some((part) => part.trim() === 'prod');
}

/** Whether some server could read the path as one below `admin`. */
function isAdmin(path: string, isRewritten: boolean): boolean {
  const admin = isRewritten ? /^\/admin(?:\/|$)/ : /^\/(?:orders|projects)\/admin(?:\/|$)/;
  const raw = path.split('?')[0] ?? '';
  const readings = [raw, decoded(raw)].flatMap((one) => [one, one.replaceAll(/;[^/]*/g, '')]);
  return readings.some((one) => admin.test(resolved(one)));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function resolved(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}`;
}
