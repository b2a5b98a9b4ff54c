import { duration, text, withVariables } from '../flags.ts';

/** Flags of `ostiary control` that say who calls. */
export const peopleFlags = withVariables({
  publicUrl: text(
    undefined,
    'URL',
    'where browsers reach --control-listen, such as https://ostiary.example.com, where a proxy is in front of it',
    problemOfPublicUrl,
  ),
  sessionMaxAge: duration(12 * 60 * 60_000, 'longest time from a login to the next one', { minimumMs: 60_000 }),
  sessionIdle: duration(2 * 60 * 60_000, 'longest time without a request, after which a session ends', {
    minimumMs: 60_000,
  }),
});

function problemOfPublicUrl(given: string): string | undefined {
  const url = URL.parse(given);
  const isOrigin = url !== null && url.pathname === '/' && url.username + url.password + url.search + url.hash === '';
  return isOrigin && (url.protocol === 'https:' || url.protocol === 'http:')
    ? undefined
    : 'expected https://HOST or http://HOST, with a port or without, and no path';
}
