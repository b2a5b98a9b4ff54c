import { normalizeBasePath } from '../document/fields.ts';
import type { Loaded } from '../document/load.ts';

/** Where an API is: the requests that it has, if no API with a longer path has them. */
export interface ApiPlace {
  readonly hosts: readonly string[];
  readonly path: string;
}

/** @returns undefined if it is no API */
export function placeIn(loaded: Loaded | undefined): ApiPlace | undefined {
  if (loaded?.document.kind !== 'Api') return undefined;
  const { hosts = ['*'], basePath } = loaded.document.spec;
  return { hosts: hosts.map(bare), path: normalizeBasePath(basePath) };
}

/** Whether a request may be at both. Ports and a dot at the end of a host do not tell places apart: they may not count. */
export function overlap(a: ApiPlace, b: ApiPlace): boolean {
  return (isBelow(a.path, b.path) || isBelow(b.path, a.path)) && a.hosts.some((one) => b.hosts.some(meets(one)));
}

function bare(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}

function isBelow(path: string, top: string): boolean {
  return path === top || path.startsWith(top === '/' ? top : `${top}/`);
}

function meets(one: string): (other: string) => boolean {
  return (other) => one === other || isPatternOf(one, other) || isPatternOf(other, one);
}

/** `*`, or `*.` and the end of a host. */
function isPatternOf(pattern: string, host: string): boolean {
  return pattern.startsWith('*') && host.endsWith(pattern.slice(1));
}
