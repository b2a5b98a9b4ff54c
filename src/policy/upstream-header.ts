import { z } from 'zod';
import { canonicalHeaderName } from '../request/header-name.ts';

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
/** What belongs to a connection or frames a message (RFC 9110, 7.6.1), routes or traces it, or carries other credentials. */
const RESERVED = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'date',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'set-cookie',
  'te',
  'traceparent',
  'tracestate',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-real-ip',
  'x-request-id',
]);
const RESERVED_PREFIXES = ['proxy-', 'grpc-', 'x-forwarded-', 'x-envoy-'];

/** The name of a header that a policy sets for the upstream: lower case in the result. */
export const upstreamHeader = z
  .string()
  .transform((name) => name.toLowerCase())
  .superRefine((name, context) => {
    const problem = problemOf(name);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

function problemOf(name: string): string | undefined {
  const dashed = canonicalHeaderName(name);
  if (name.startsWith(':') || RESERVED.has(dashed) || RESERVED_PREFIXES.some((prefix) => dashed.startsWith(prefix))) {
    return `${name} is a header that Envoy or HTTP itself depends on; choose a name of your own, such as x-client-id`;
  }
  return TOKEN.test(name) ? undefined : `${JSON.stringify(name)} is not a header name (RFC 9110, 5.1)`;
}
