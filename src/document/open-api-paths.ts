import type { FileContent, FileFormat } from '../policy/named-file.ts';
import { isRecord } from './load.ts';
import { templateProblem } from './route-schema.ts';
import { decodeUtf8, SourceText } from './text/source-text.ts';
import { readYaml } from './text/yaml.ts';

/** What is used of an OpenAPI document (https://spec.openapis.org/oas/latest.html). */
export interface OpenApiPaths {
  /** As the document has them: below each of {@link servers}. */
  readonly paths: readonly string[];
  /** The paths of its servers, without a slash at the end: empty, or `/a/b`. */
  readonly servers: readonly string[];
}

const MAX_BYTES = 4 * 1024 * 1024;
const MOST_PATHS = 2000;

/** Versions 3 and, by their name Swagger, 2. */
export const openApiFile: FileFormat<OpenApiPaths> = {
  name: 'the OpenAPI document',
  maxBytes: MAX_BYTES,
  parse(bytes) {
    const decoded = decodeUtf8(bytes);
    if ('badLine' in decoded) return problem(decoded.badLine, 'expected UTF-8');
    return openApiOf(decoded.text);
  },
};

export function openApiOf(text: string): FileContent<OpenApiPaths> {
  const read = /^\s*\{/.test(text) ? readJson(text) : readFirst(text);
  return 'problems' in read ? read : pathsOf(read.content, text);
}

function problem(line: number, message: string): { readonly problems: { line: number; message: string }[] } {
  return { problems: [{ line, message }] };
}

function readJson(text: string): FileContent<unknown> {
  try {
    return { content: JSON.parse(text) as unknown };
  } catch {
    return problem(0, 'expected JSON, since it begins with a brace');
  }
}

function readFirst(text: string): FileContent<unknown> {
  for (const parsed of readYaml(text)) {
    if ('value' in parsed) return { content: parsed.value };
    const source = new SourceText('', text);
    return {
      problems: parsed.faults.map(({ offset, message }) => ({ line: source.lineColumn(offset).line, message })),
    };
  }
  return problem(0, 'is empty');
}

function pathsOf(value: unknown, text: string): FileContent<OpenApiPaths> {
  const version = isRecord(value) ? (value['openapi'] ?? value['swagger']) : undefined;
  if (!isRecord(value) || !/^[23]\./.test(String(version))) {
    return problem(0, 'expected an OpenAPI document: "openapi: 3.…", or "swagger: 2.0"');
  }
  const { paths = {} } = value;
  if (!isRecord(paths)) return problem(0, 'expected a mapping of "paths"');
  // Extensions stand beside paths.
  const own = Object.keys(paths).filter((path) => path.startsWith('/'));
  if (own.length > MOST_PATHS) return problem(0, `has ${own.length} paths, and may have ${MOST_PATHS}`);
  const problems = own.flatMap((path) => {
    const message = templateProblem(path);
    return message === undefined ? [] : [{ line: lineOf(path, text), message: `a path: ${message}` }];
  });
  return problems.length > 0 ? { problems } : { content: { paths: own, servers: serversOf(value) } };
}

/** The first place with the path, which is good enough to find it. */
function lineOf(path: string, text: string): number {
  const at = text.indexOf(path);
  return at < 0 ? 0 : new SourceText('', text).lineColumn(at).line;
}

/** A URL, or a path alone; what is a variable in it is not a part of a path that could be compared. */
function serversOf({ servers, basePath }: Readonly<Record<string, unknown>>): readonly string[] {
  const listed = Array.isArray(servers) ? (servers as unknown[]) : [{ url: basePath }];
  const urls = listed.flatMap((server) =>
    isRecord(server) && typeof server['url'] === 'string' ? [server['url']] : [],
  );
  const paths = urls.map((url) => url.replace(/^[A-Za-z][\w+.-]*:\/\/[^/]*/, '').replace(/\/+$/, ''));
  return [...new Set(paths.filter((path) => path === '' || /^\/[^{}?#]*$/.test(path)))];
}
