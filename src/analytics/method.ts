import { OTHER } from '../observe/series.ts';

/** In the order of `envoy.config.core.v3.RequestMethod`, whose first value stands for all other methods. */
export const METHODS = [
  undefined,
  ...(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const),
] as const;

/** Takes the place of the method for connections that Envoy does not read as HTTP. */
export const TCP = 'TCP';

/** The other registered methods: https://www.iana.org/assignments/http-methods. */
const REGISTERED: ReadonlySet<string> = new Set(
  (
    'ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF ' +
    'MKWORKSPACE MOVE ORDERPATCH PRI PROPFIND PROPPATCH QUERY REBIND REPORT SEARCH UNBIND UNCHECKOUT UNLINK UNLOCK ' +
    'UPDATE UPDATEREDIRECTREF VERSION-CONTROL'
  ).split(' '),
);

/** Returns `_other` for a method that is not registered, since callers can make up any. */
export function methodNamed(name: string): string {
  return REGISTERED.has(name) ? name : OTHER;
}
