import { isRecord } from './node.ts';

/** Routes one a line, `GET POST /orders/{id}`; undefined: they say more than that. */
export function routeLines(routes: unknown): string | undefined {
  if (routes === undefined) return '';
  if (!Array.isArray(routes)) return undefined;
  const lines = routes.map((route: unknown) => (isRecord(route) ? lineOf(route) : undefined));
  return lines.every((line) => line !== undefined) ? lines.join('\n') : undefined;
}

function lineOf(route: Readonly<Record<string, unknown>>): string | undefined {
  const { methods, path, ...rest } = route;
  if (Object.keys(rest).length > 0 || typeof path !== 'string' || /\s/.test(path) || !path.startsWith('/'))
    return undefined;
  if (methods === undefined) return path;
  if (!Array.isArray(methods) || methods.length === 0) return undefined;
  if (!methods.every((method) => typeof method === 'string' && /^[^\s/][^\s]*$/.test(method))) return undefined;
  return [...methods, path].join(' ');
}

/** @returns undefined: there are none */
export function routesFrom(text: string): readonly object[] | undefined {
  const routes = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const words = line.split(/\s+/);
      const path = words.at(-1) ?? '';
      const methods = words.slice(0, -1).map((word) => word.toUpperCase());
      return methods.length === 0 ? { path } : { methods, path };
    });
  return routes.length === 0 ? undefined : routes;
}
