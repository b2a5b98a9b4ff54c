/**
 * A header's name as upstreams may read it that map headers to variables (CGI, PHP, WSGI): every sign but a letter
 * or a digit is the same there, so `x_user`, `x.user` and `x!user` are `x-user`.
 * @param name ASCII, in any case
 */
export function canonicalHeaderName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-');
}
