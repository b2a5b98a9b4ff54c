import { computed, signal } from '@preact/signals';
import type { ComponentType } from 'preact';

/** A view: its address, and the file that draws it. */
export interface Route {
  /** Such as `/apis/:namespace/:name`. */
  readonly path: string;
  readonly load: () => Promise<{ readonly default: ComponentType<ViewProps> }>;
}

export interface ViewProps {
  /** Of the address, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

const address = signal(new URL(location.href));

/** Where we are. */
export const here = computed(() => address.value);

/** @param to a path of ours, with its query */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', to);
  else history.replaceState(null, '', to);
  const before = address.value.pathname;
  address.value = new URL(location.href);
  if (how === 'push' && before !== address.value.pathname) scrollTo(0, 0);
}

/** Changes the query of this address: what is filtered, sorted and open can be sent to a colleague. Empty: left out. */
export function setQuery(
  changes: Readonly<Record<string, string | undefined>>,
  how: 'push' | 'replace' = 'push',
): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(`${location.pathname}${text === '' ? '' : `?${text}`}`, how);
}

/** @returns the parts of a path that a pattern names; undefined: another path */
export function matched(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const [wanted, given] = [pattern, path].map((each) => each.replace(/\/$/, '').split('/')) as [string[], string[]];
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [place, part] of wanted.entries()) {
    const actual = given[place] as string;
    if (part.startsWith(':')) params[part.slice(1)] = decoded(actual);
    else if (part !== actual) return undefined;
  }
  return params;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Follows links to our own views without loading the page again. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    address.value = new URL(location.href);
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = (event.target as Element).closest('a');
    if (link === null || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return;
    // Pages of the server: login, and documents.
    if (/^\/(?:login|logout|assets|reference)(?:\/|$)/.test(link.pathname) || link.pathname.endsWith('.json')) return;
    event.preventDefault();
    go(`${link.pathname}${link.search}`);
  });
}
