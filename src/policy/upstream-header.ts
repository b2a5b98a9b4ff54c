import { z } from 'zod';

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const RESERVED = new Set([
  'host',
  'authorization',
  'content-length',
  'transfer-encoding',
  'connection',
  'te',
  'upgrade',
]);
const RESERVED_PREFIXES = ['x-forwarded-', 'x-envoy-', ':'];

/** The name of a header that a policy sets for the upstream: lower case in the result. */
export const upstreamHeader = z
  .string()
  .transform((name) => name.toLowerCase())
  .superRefine((name, context) => {
    const problem = problemOf(name);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

function problemOf(name: string): string | undefined {
  const dashed = name.replaceAll('_', '-');
  if (RESERVED.has(dashed) || RESERVED_PREFIXES.some((prefix) => dashed.startsWith(prefix))) {
    return `${name} is a header that Envoy or HTTP itself depends on; choose a name of your own, such as x-client-id`;
  }
  return TOKEN.test(name) ? undefined : `${JSON.stringify(name)} is not a header name (RFC 9110, 5.1)`;
}
