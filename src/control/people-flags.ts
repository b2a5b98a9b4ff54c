import { duration, list, text, withVariables } from '../flags.ts';
import { isNetwork } from '../request/client-address.ts';

/** Flags of `ostiary control` that say who calls. */
export const peopleFlags = withVariables({
  publicUrl: text(
    undefined,
    'URL',
    'where browsers reach --control-listen, such as https://ostiary.example.com, where a proxy is in front of it',
    problemOfPublicUrl,
  ),
  controlTrustedProxies: list(
    [],
    'CIDR',
    'networks of proxies in front of --control-listen, which add their callers to X-Forwarded-For; repeatable',
    (given) => (isNetwork(given) ? undefined : 'expected a network such as 10.0.0.0/8, or an address'),
  ),
  oidcIssuer: text(undefined, 'URL', 'OpenID Connect provider that people log in by, as its metadata name it'),
  oidcClientId: text(undefined, 'ID', 'what the provider calls this control plane'),
  oidcClientSecretFile: text(undefined, 'FILE', 'its secret at the provider; without it, it is a public client'),
  oidcUserClaim: text(
    'email',
    'CLAIM',
    'what a person is called here; email counts where the provider has verified it',
  ),
  oidcGroupsClaim: text(
    undefined,
    'CLAIM',
    'groups of a person, which Teams may name, such as groups or realm_access.roles',
  ),
  oidcScopes: text('openid email', 'SCOPES', 'what the provider is asked for'),
  sessionMaxAge: duration(12 * 60 * 60_000, 'longest time from a login to the next one', { minimumMs: 60_000 }),
  sessionIdle: duration(2 * 60 * 60_000, 'longest time without a request, after which a session ends', {
    minimumMs: 60_000,
  }),
  sessionRecheck: duration(
    5 * 60_000,
    'how often the provider is asked whether a session is still good, by its refresh token',
    {
      minimumMs: 1000,
    },
  ),
  sessionWithoutProvider: duration(24 * 60 * 60_000, 'how long a session is good while the provider can not be asked'),
});

function problemOfPublicUrl(given: string): string | undefined {
  const url = URL.parse(given);
  const isOrigin = url !== null && url.pathname === '/' && url.username + url.password + url.search + url.hash === '';
  return isOrigin && (url.protocol === 'https:' || url.protocol === 'http:')
    ? undefined
    : 'expected https://HOST or http://HOST, with a port or without, and no path';
}
