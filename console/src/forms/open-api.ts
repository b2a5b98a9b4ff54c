import { isRecord } from './node.ts';
import { parsed } from './yaml-draft.ts';

/** A route as documents have it. */
export interface Route {
  readonly methods: readonly string[];
  readonly path: string;
}

/** What an API could be, as its specification says. */
export interface Proposed {
  readonly format: 'openapi';
  readonly title: string;
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly hosts: readonly string[];
  readonly basePath: string;
  readonly routes: readonly Route[];
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;
/** As documents take them. */
const MOST_ROUTES = 1000;
const LONGEST_DESCRIPTION = 4096;
const LONGEST_NAME = 63;

/** Reads an OpenAPI document (3.x, or Swagger 2), in YAML or JSON. */
export function proposalOf(text: string): Proposed | { readonly problem: string } {
  const read = readJson(text) ?? parsed(text);
  if ('fault' in read) return { problem: `Line ${read.fault.line}: ${read.fault.message}` };
  const { value } = read;
  if (!isRecord(value)) return { problem: 'It is no OpenAPI document: expected a mapping with "openapi" and "paths"' };
  const { info, openapi, paths, swagger } = value;
  if (typeof openapi !== 'string' && typeof openapi !== 'number' && swagger === undefined)
    return { problem: 'It is no OpenAPI document: "openapi" is missing at its top' };
  const about = isRecord(info) ? info : {};
  const title = textIn(about['title']);
  const { basePath, hosts } = placeIn(value);
  return {
    format: 'openapi',
    title: title === '' ? 'Untitled' : title,
    name: nameFrom(title),
    description: textIn(about['description']).slice(0, LONGEST_DESCRIPTION),
    version: versionFrom(textIn(about['version'])),
    hosts,
    basePath,
    routes: routesIn(paths),
  };
}

/** Most are JSON, which is read far faster than YAML. */
function readJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';
}

/** `Orders of the Shop` is `orders-of-the-shop`. */
export function nameFrom(title: string): string {
  const plain = title.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const name = plain.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '');
  return name.slice(0, LONGEST_NAME).replace(/-+$/, '') || 'api';
}

function versionFrom(version: string): string {
  const [, major] = /^v?(\d+)/.exec(version) ?? [];
  return major === undefined ? '' : `v${major}`;
}

function placeIn({ basePath, host, servers }: Readonly<Record<string, unknown>>): Pick<Proposed, 'hosts' | 'basePath'> {
  if (typeof host === 'string' || typeof basePath === 'string')
    return { hosts: typeof host === 'string' ? [host.replace(/:\d+$/, '')] : [], basePath: pathIn(textIn(basePath)) };
  const urls = (Array.isArray(servers) ? servers : []).filter(isRecord).flatMap((server) => urlOf(server) ?? []);
  const [first] = urls;
  const ofPath = urls.filter((url) => url.pathname === first?.pathname);
  return {
    hosts: [...new Set(ofPath.map(({ hostname }) => hostname).filter((name) => name !== UNKNOWN))],
    basePath: pathIn(first?.pathname ?? '/'),
  };
}

/** Of a server that has a path alone. */
const UNKNOWN = 'unknown.invalid';

function urlOf({ url, variables }: Readonly<Record<string, unknown>>): URL | undefined {
  const filled = textIn(url).replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
    const variable = isRecord(variables) ? variables[name] : undefined;
    return isRecord(variable) ? textIn(variable['default']) : '';
  });
  try {
    const read = new URL(filled, `https://${UNKNOWN}/`);
    return /^https?:$/.test(read.protocol) ? read : undefined;
  } catch {
    return undefined;
  }
}

/** As documents write it: decoded, without a slash at its end. */
function pathIn(path: string): string {
  let decoded = path;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    // As it is.
  }
  return decoded.replace(/\/+$/, '') || '/';
}

function routesIn(paths: unknown): readonly Route[] {
  if (!isRecord(paths)) return [];
  return Object.entries(paths)
    .filter(([path, item]) => path.startsWith('/') && isRecord(item))
    .map(([path, item]) => ({
      methods: METHODS.filter((method) => isRecord((item as Readonly<Record<string, unknown>>)[method])).map((method) =>
        method.toUpperCase(),
      ),
      path: path.length > 1 ? path.replace(/\/+$/, '') : path,
    }))
    .filter(({ methods }) => methods.length > 0)
    .slice(0, MOST_ROUTES);
}
