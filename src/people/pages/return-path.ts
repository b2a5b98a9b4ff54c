const BASE = 'http://ostiary.invalid';
const MOST_LENGTH = 1024;

/**
 * Where a browser goes after a login: a path of ours. Whatever else somebody has put into a link, such as another host, is
 * not followed.
 */
export function returnPath(given: string | null | undefined): string {
  if (given === null || given === undefined || given.length > MOST_LENGTH) return '/login';
  // Browsers take "\" for "/", and leave out tabs and line breaks.
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(given) || given.includes('\\')) return '/login';
  const url = URL.parse(given, BASE);
  if (url === null || url.origin !== BASE || url.pathname.startsWith('//')) return '/login';
  return `${url.pathname}${url.search}`;
}
