import { classOfUrl, FORBIDDEN } from './rules.ts';
import type { EgressRules } from './rules.ts';

/**
 * What is wrong with a URL in a document, without the URL: a user part or a query can hold a secret.
 * @param insecure the option that allows `http:` to other hosts than loopback, where there is one, and whether it is set
 */
export function problemOfDocumentUrl(
  text: string,
  insecure?: { readonly option: string; readonly isSet: boolean },
): string | undefined {
  const url = URL.parse(text);
  if (url === null) return 'is no URL, such as https://issuer.example.com/jwks.json';
  // The text before the colon may be the user of a URL that lacks its scheme.
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return 'begins with a scheme that is not supported: use https: (or http:)';
  if (url.username !== '' || url.password !== '') return 'a URL with user and password is not supported';
  const kind = classOfUrl(url);
  if (kind === 'forbidden') return FORBIDDEN;
  if (url.protocol === 'https:' || insecure?.isSet === true || kind === 'loopback') return undefined;
  const remedy = insecure === undefined ? 'use https:' : `use https:, or set ${insecure.option}: true`;
  return `over http: anyone on the way can read and replace what is sent: ${remedy}`;
}

/** The warning for a URL that names loopback, if the operator has not allowed that. */
export function loopbackProblem(text: string, rules: EgressRules): string | undefined {
  const url = URL.parse(text);
  if (url === null || classOfUrl(url) !== 'loopback' || rules.problemOf(url) === undefined) return undefined;
  return `names loopback, which is not reached: start ostiary with --egress-allow ${url.host}, or name the host by which others reach it`;
}
