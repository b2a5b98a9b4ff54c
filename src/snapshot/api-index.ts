import { basePathAsSent, isBelow } from '../request/path.ts';
import type { Api, Snapshot } from './snapshot.ts';

/**
 * Finds the API of a request: exact hosts before wildcards (the longest first) before any host; in each class the
 * longest base path on whole segments. If a class has no API for the path, the next one is tried. The cost grows with
 * the labels of the host and the depth of base paths, not with the number of APIs. Hosts are compared as they are:
 * `documentHost` and `hostOf` normalise them before.
 */
export function createApiIndex(apis: readonly Api[]): Snapshot['apiFor'] {
  const exact = new Map<string, BasePaths>();
  /** By suffix with its dot: `.example.com` for `*.example.com`. */
  const wildcards = new Map<string, BasePaths>();
  const anyHost = new BasePaths();
  for (const api of apis) {
    if (api.hosts.length === 0) anyHost.add(api);
    for (const host of api.hosts) {
      if (host === '*') anyHost.add(api);
      else if (host.startsWith('*.')) basePathsOf(wildcards, host.slice(1)).add(api);
      else basePathsOf(exact, host).add(api);
    }
  }
  return (host, path, form) => {
    const found = exact.get(host)?.find(path, form);
    if (found !== undefined) return found;
    if (wildcards.size > 0) {
      // A wildcard stands for one or more labels, so the suffix at the first dot is the longest.
      for (let dot = host.indexOf('.'); dot > 0; dot = host.indexOf('.', dot + 1)) {
        const matched = wildcards.get(host.slice(dot))?.find(path, form);
        if (matched !== undefined) return matched;
      }
    }
    return anyHost.find(path, form);
  };
}

function basePathsOf(index: Map<string, BasePaths>, host: string): BasePaths {
  let paths = index.get(host);
  if (paths === undefined) index.set(host, (paths = new BasePaths()));
  return paths;
}

/**
 * Up to this number, base paths are compared one by one: that is faster than splitting a path and hashing its parts.
 */
const FEW = 4;

class BasePaths {
  readonly #apis = new Map<string, Api>();
  /** The longest base path first; undefined if there are more than {@link FEW}. */
  #few: { readonly basePath: string; readonly asSent: string; readonly api: Api }[] | undefined = [];
  /** By base path as requests send it; unset if requests send all base paths as they are written. */
  #asSent: Map<string, Api> | undefined;
  #deepest = 0;

  /** If two APIs have the same base path, the first one gets it. */
  add(api: Api): void {
    if (this.#apis.has(api.basePath)) return;
    const asSent = basePathAsSent(api.basePath);
    if (asSent !== api.basePath) this.#asSent ??= new Map(this.#apis);
    this.#asSent?.set(asSent, api);
    this.#apis.set(api.basePath, api);
    if (this.#few !== undefined) {
      const { basePath } = api;
      const few = [...this.#few, { basePath, asSent, api }];
      this.#few = few.length > FEW ? undefined : few.sort((a, b) => b.basePath.length - a.basePath.length);
    }
    this.#deepest = Math.max(this.#deepest, api.basePath === '/' ? 0 : api.basePath.split('/').length - 1);
  }

  find(path: string, form?: 'as sent'): Api | undefined {
    if (this.#few !== undefined) {
      for (const { basePath, asSent, api } of this.#few) {
        if (isBelow(form === undefined ? basePath : asSent, path)) return api;
      }
      return undefined;
    }
    const apis = form === undefined ? this.#apis : (this.#asSent ?? this.#apis);
    // Finds the ends of the first segments, down to the deepest base path; then tries from the longest to the shortest.
    const ends: number[] = [];
    for (let end = 0; ends.length < this.#deepest && end < path.length;) {
      const slash = path.indexOf('/', end + 1);
      end = slash < 0 ? path.length : slash;
      ends.push(end);
    }
    for (let i = ends.length - 1; i >= 0; i--) {
      const api = apis.get(path.slice(0, ends[i]));
      if (api !== undefined) return api;
    }
    return apis.get('/');
  }
}
