/**
 * A header's name as read by upstreams that map headers to variables (CGI, PHP, WSGI): they treat all signs except
 * letters and digits alike, so `x_user`, `x.user` and `x!user` are `x-user`.
 * @param name ASCII, in any case
 */
export function canonicalHeaderName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-');
}
