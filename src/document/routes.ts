import { pathBelow } from '../request/path.ts';
import { createRouteIndex, routeKey } from '../snapshot/route-index.ts';
import type { RouteIndex, RouteTemplate } from '../snapshot/route-index.ts';
import type { Changes } from './document-index.ts';
import type { Faults } from './fault.ts';
import { normalizeBasePath } from './fields.ts';
import type { NamedFileReader } from './file-contents.ts';
import type { Issue } from './issues.ts';
import { addIssues } from './load.ts';
import type { Loaded } from './load.ts';
import { qualifiedName } from './names.ts';
import { openApiFile } from './open-api-paths.ts';
import type { OpenApiPaths } from './open-api-paths.ts';
import type { VersionDigest } from './version.ts';
import type { Warnings } from './warnings.ts';

interface Compiled {
  /** Undefined: the API has none. */
  readonly index: RouteIndex | undefined;
  readonly issues: readonly Issue[];
  readonly warnings: readonly Issue[];
  /** The content of the OpenAPI document; the version of the documents covers it. */
  readonly digests: Readonly<Record<string, string>>;
}

const NONE: Compiled = { index: undefined, issues: [], warnings: [], digests: {} };

/** The routes of every API that has any. */
export class RouteStage {
  readonly #version: VersionDigest;
  readonly #compiled = new Map<Loaded<'Api'>, Compiled>();

  constructor(version: VersionDigest) {
    this.#version = version;
  }

  of(loaded: Loaded<'Api'>): RouteIndex | undefined {
    return this.#compiled.get(loaded)?.index;
  }

  async take(changes: Changes, reader: NamedFileReader): Promise<void> {
    for (const loaded of changes.removals('Api')) {
      const compiled = this.#compiled.get(loaded);
      if (compiled === undefined) continue;
      this.#compiled.delete(loaded);
      this.#version.remove('Routes', nameOf(loaded), compiled.digests);
    }
    for (const loaded of changes.upserts('Api')) {
      const compiled = await compile(loaded, reader);
      if (compiled === NONE) continue;
      this.#compiled.set(loaded, compiled);
      this.#version.add('Routes', nameOf(loaded), compiled.digests);
    }
  }

  tellFaults(faults: Faults): void {
    for (const [{ place, withheld }, { issues }] of this.#compiled)
      if (issues.length > 0 && withheld === undefined) addIssues(faults, place, issues);
  }

  tellWarnings(into: Warnings): void {
    for (const [{ place }, { warnings }] of this.#compiled) if (warnings.length > 0) into.add(place, warnings);
  }
}

function nameOf({ document }: Loaded<'Api'>): string {
  return qualifiedName(document.metadata);
}

async function compile({ document, place }: Loaded<'Api'>, reader: NamedFileReader): Promise<Compiled> {
  const { routes = [], openapi } = document.spec;
  if (routes.length === 0 && openapi === undefined) return NONE;
  const basePath = normalizeBasePath(document.spec.basePath);
  const own = routes.map(({ name, methods, path }) => ({ path, methods, route: name ?? joined(basePath, path) }));
  if (openapi === undefined) return { ...NONE, index: createRouteIndex(own) };
  const { file } = openapi;
  const named = { path: ['spec', 'openapi', 'file'], file, format: openApiFile };
  const within = 'resource' in place ? undefined : place.source.file;
  const { files, digests, issues, unknown } = await reader.read([named], within);
  if (issues.length + unknown.length > 0) return { index: createRouteIndex(own), issues, warnings: unknown, digests };
  const keys = new Set(own.map(({ path }) => routeKey(path)));
  const others = routesOf(files.content(file, openApiFile), basePath).filter(({ path }) => !keys.has(routeKey(path)));
  return { index: createRouteIndex([...own, ...others]), issues, warnings: [], digests };
}

/**
 * A path below one of the document's servers is taken from the API's base path on, if it is below that; else the path
 * itself is: what the document calls its server, the gateway may have moved.
 */
function routesOf({ paths, servers }: OpenApiPaths, basePath: string): readonly RouteTemplate[] {
  const found = new Map<string, RouteTemplate>();
  for (const path of paths) {
    const below = servers.flatMap((server) => pathBelow(basePath, `${server}${path}`) ?? []);
    const own = below[0] ?? path;
    const key = routeKey(own);
    if (!found.has(key)) found.set(key, { path: own, route: joined(basePath, own) });
  }
  return [...found.values()];
}

function joined(basePath: string, path: string): string {
  if (basePath === '/') return path;
  return path === '/' ? basePath : basePath + path;
}
