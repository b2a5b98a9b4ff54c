import { z } from 'zod';
import { compilePattern } from '../policy/rules.ts';

const METHOD = /^[A-Z][A-Z0-9_-]*$/;
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
/**
 * An origin as browsers write it (HTML, 7.1.1): a scheme, a host in lower case or an IPv6 literal, and a port unless
 * it is the scheme's own.
 */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])(?::[1-9][0-9]{0,4})?$/;
/** No scheme, host and port together are longer. Longer texts are not checked. */
const MAX_ORIGIN_LENGTH = 300;
/** Methods that no browser lets a script send (Fetch, 2.2.1). */
const FORBIDDEN_METHODS = new Set(['CONNECT', 'TRACE', 'TRACK']);

export function isOrigin(text: string): boolean {
  return text.length <= MAX_ORIGIN_LENGTH && ORIGIN.test(text);
}

function originProblem(text: string): string | undefined {
  if (text === '*' || text === 'null' || isOrigin(text)) {
    return /^(http:.*:80|https:.*:443)$/.test(text)
      ? 'browsers leave out the port of the scheme; leave it out'
      : undefined;
  }
  return 'is not an origin: scheme, host in lower case and port alone, such as https://shop.example.com, without a slash at its end; {re2: …} is an expression, "*" any origin, "null" that of files and sandboxed frames';
}

const origin = z.union([
  z.string().superRefine((text, context) => {
    const message = originProblem(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  }),
  z.strictObject({
    re2: z.string().superRefine((source, context) => {
      try {
        compilePattern(source);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
      }
    }),
  }),
]);

const methodName = z
  .string()
  .regex(METHOD, 'is not a method: methods are in upper case')
  .refine((name) => !FORBIDDEN_METHODS.has(name), 'is a method that no script may send: leave it out');

const allowedMethod = z.union([
  methodName,
  // The form of the reference lists every method, also those that are not allowed.
  z.strictObject({
    methodName: z.string().regex(METHOD, 'is not a method: methods are in upper case'),
    isAllowed: z.boolean(),
  }),
]);

const headerName = z.string().regex(NAME, 'is not a header name (RFC 9110, 5.1)');

const originGroup = z.strictObject({
  origins: z
    .array(origin)
    .min(1)
    .describe('Origins; {re2: …} an expression for them; "*" any; "null" by its name alone'),
  accessControlMaxAge: z
    .int()
    .min(0)
    .max(86_400)
    .default(30)
    .describe('Seconds for which a browser need not ask again'),
  allowedMethods: z
    .array(allowedMethod)
    .min(1)
    .default(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'])
    .describe('Methods; or, as in the reference, {methodName, isAllowed}'),
  headers: z.array(headerName).default([]).describe('Request headers that a script may set; "*" any but authorization'),
  exposedHeaders: z
    .array(headerName)
    .default([])
    .describe('Response headers that a script may read, beside ostiary\'s own; "*" any'),
});

export type OriginGroup = z.infer<typeof originGroup>;

export const corsOptions = z
  .strictObject({
    publicResource: z
      .boolean()
      .optional()
      .describe('Any origin, method and header, without credentials. Default: true where there are no originGroups'),
    supportCredentials: z.boolean().default(false).describe('Cookies and client certificates of the browser count'),
    originGroups: z.array(originGroup).default([]).describe('The first group with the origin of a request decides'),
    allowPrivateNetwork: z
      .boolean()
      .default(false)
      .describe('Public pages may call this API on a private network (Private Network Access)'),
  })
  .superRefine((config, context) => {
    const report = (path: readonly (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path: [...path], message });
    const { publicResource, supportCredentials, originGroups } = config;
    if (publicResource === true && originGroups.length > 0) {
      report(
        ['originGroups'],
        'have no effect with publicResource: true, which lets any origin in; remove one of the two',
      );
    }
    if (publicResource === false && originGroups.length === 0) {
      report(['originGroups'], 'are missing: without publicResource no origin would be let in');
    }
    if (supportCredentials && isPublic(config)) {
      const field = publicResource === true ? 'publicResource' : 'supportCredentials';
      report([field], 'any website could act as its visitors: with supportCredentials list origins in originGroups');
    }
    const seen = new Map<string, number>();
    for (const [index, group] of originGroups.entries()) {
      const at = (field: keyof OriginGroup, ...rest: readonly number[]) => ['originGroups', index, field, ...rest];
      if (methodsOf(group).length === 0) report(at('allowedMethods'), 'allows no method');
      for (const [place, one] of group.origins.entries()) {
        const name = typeof one === 'string' ? one : `re2 ${one.re2}`;
        const first = seen.get(name);
        seen.set(name, first ?? index);
        if (first !== undefined) report(at('origins', place), `is in originGroups[${first}] already, which decides`);
        if (!supportCredentials) continue;
        if (name === '*' || name === 're2 .*')
          report(at('origins', place), 'with supportCredentials any website could act as its visitors: list origins');
        if (name === 'null')
          report(
            at('origins', place),
            'with supportCredentials any website could act as its visitors: each can make a frame of this origin',
          );
      }
      for (const field of ['headers', 'exposedHeaders'] as const) {
        const star = group[field].indexOf('*');
        if (supportCredentials && star >= 0)
          report(at(field, star), 'browsers take no wildcard with supportCredentials: list the names');
      }
    }
  });

export type CorsOptions = z.infer<typeof corsOptions>;

export function isPublic({ publicResource, originGroups }: CorsOptions): boolean {
  return publicResource ?? originGroups.length === 0;
}

export function methodsOf({ allowedMethods }: OriginGroup): readonly string[] {
  const names = allowedMethods.flatMap((one) => {
    if (typeof one === 'string') return [one];
    return one.isAllowed && !FORBIDDEN_METHODS.has(one.methodName) ? [one.methodName] : [];
  });
  return [...new Set(names)];
}

/**
 * Whether an expression for origins has an unescaped dot. It matches any character, so that a stranger's host could
 * match.
 */
export function looseDots(source: string): boolean {
  return /(?<!\\)(?:\\\\)*\.(?![*+?{])/.test(source.replaceAll(/\[[^\]]*\]/g, ''));
}
