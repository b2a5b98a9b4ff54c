import { parse } from 'yaml';

type Json = Record<string, unknown>;

/**
 * A specification as it is drawn.
 * @param server the only address that may be called; empty: none
 * @throws Error where it is no OpenAPI document
 */
export function readSpecification(text: string, server: string): { readonly spec: Json; readonly paths: number } {
  const read: unknown = /^\s*\{/.test(text) ? JSON.parse(text) : parse(text, { maxAliasCount: 1000 });
  if (!isRecord(read) || (read['openapi'] === undefined && read['swagger'] === undefined)) {
    throw new Error('It does not say that it is an OpenAPI document: "openapi" or "swagger" is missing.');
  }
  const paths = isRecord(read['paths']) ? Object.keys(read['paths']).length : 0;
  return { spec: withServer(read, server), paths };
}

/** Calls go to the API as this catalog has it, wherever else its specification would send them. */
function withServer(spec: Json, server: string): Json {
  if (spec['openapi'] !== undefined) {
    const { servers: _servers, ...rest } = spec;
    return server === '' ? rest : { ...rest, servers: [{ url: server.replace(/\/$/, '') || '/' }] };
  }
  const { host: _host, schemes: _schemes, ...rest } = spec;
  const url = server === '' ? null : URL.parse(server);
  if (url === null) return rest;
  return {
    ...rest,
    host: url.host,
    schemes: [url.protocol.slice(0, -1)],
    basePath: url.pathname.replace(/\/$/, '') || '/',
  };
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
