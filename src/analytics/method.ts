import { OTHER } from '../observe/series.ts';

/** In the order of `envoy.config.core.v3.RequestMethod`, whose first value is for all others. */
export const METHODS = [
  undefined,
  ...(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const),
] as const;

/** In place of a method, of a connection that Envoy does not read as HTTP. */
export const TCP = 'TCP';

/** The others that are registered: https://www.iana.org/assignments/http-methods. */
const REGISTERED: ReadonlySet<string> = new Set(
  (
    'ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF ' +
    'MKWORKSPACE MOVE ORDERPATCH PRI PROPFIND PROPPATCH QUERY REBIND REPORT SEARCH UNBIND UNCHECKOUT UNLINK UNLOCK ' +
    'UPDATE UPDATEREDIRECTREF VERSION-CONTROL'
  ).split(' '),
);

/** A method that callers made up is `_other`. */
export function methodNamed(name: string): string {
  return REGISTERED.has(name) ? name : OTHER;
}
