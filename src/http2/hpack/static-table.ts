import { HeaderField } from '../header-field.ts';

/** RFC 7541, appendix A, in order; a name alone has an empty value. */
const ENTRIES = `
:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`;

function parse(line: string): HeaderField {
  const space = line.indexOf(' ');
  return space < 0 ? new HeaderField(line, '') : new HeaderField(line.slice(0, space), line.slice(space + 1));
}

/** Index 1 is the first entry; index 0 is invalid. */
export const STATIC_TABLE: readonly HeaderField[] = [new HeaderField('', ''), ...ENTRIES.trim().split('\n').map(parse)];

/** Indices above this one are the dynamic table's. */
export const LAST_STATIC_INDEX = 61;
