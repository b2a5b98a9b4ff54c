import { createHmac } from 'node:crypto';
import type { Inside } from '../../database/inside.ts';
import { cookieOf, setCookie } from '../cookies.ts';
import { ProviderFault } from '../oidc/fault.ts';
import type { LoginBinding } from '../oidc/provider.ts';
import { redirect } from './html.ts';
import type { PageAnswer } from './html.ts';
import { loginPage } from './login-page.ts';
import type { PageRequest } from './page-request.ts';
import type { PagePorts } from './ports.ts';
import { returnPath } from './return-path.ts';
import { enter } from './visitor.ts';

const LOGIN_MS = 10 * 60_000;
const SECRET_BYTES = 32;
export const CALLBACK = '/login/callback';

/** What the control plane sends back to a browser with the outcome of back-channel messages. */
const PLAIN = { 'content-type': 'text/plain', 'cache-control': 'no-store' } as const;

/**
 * Sends the browser to the provider. All that binds the login to this browser follows from one secret in a cookie: nothing of
 * it is kept here, so that strangers who begin logins fill nothing.
 */
export async function startAtProvider(request: PageRequest, ports: PagePorts): Promise<PageAnswer> {
  const to = returnPath(request.query.get('return'));
  const { cookies, provider, randomBytes } = ports;
  if (provider === undefined) return loginPage(to, ports, 'there is no identity provider here', { status: 404 });
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  try {
    const url = await provider.provider.authorizationUrl(bindingOf(secret, request, ports));
    const kept = `${secret}.${Buffer.from(to).toString('base64url')}`;
    return redirect(url.href, [setCookie('login', kept, LOGIN_MS, cookies)]);
  } catch (error) {
    return refusal(error, to, request, ports);
  }
}

/** Takes what the provider has sent the browser back with. */
export async function returnFromProvider(request: PageRequest, ports: PagePorts): Promise<PageAnswer> {
  const { clock, cookies, people, provider, record } = ports;
  const kept = cookieOf(request.cookie, 'login', cookies) ?? '';
  const [secret = '', path = ''] = kept.split('.');
  const to = returnPath(Buffer.from(path, 'base64url').toString('utf8'));
  if (provider === undefined) return loginPage(to, ports, 'there is no identity provider here', { status: 404 });
  if (!/^[\w-]{43}$/.test(secret)) {
    return loginPage(to, ports, 'this login was not begun in this browser, or too long ago: begin it again', {
      status: 400,
    });
  }
  try {
    const proof = await provider.provider.exchange(request.query, bindingOf(secret, request, ports));
    const now = clock.now();
    const person = await record.taken((inside) => people.in(inside).take(proof.person, now, { isLogin: true }));
    if (person === undefined) throw new ProviderFault('refused', 'you are shut out here: ask an administrator');
    const { refreshToken, session } = proof;
    const known = { session, refreshToken, checkAt: now + provider.recheckMs };
    return await enter(request, { person: person.name, provider: known }, to, ports);
  } catch (error) {
    return refusal(error, to, request, ports);
  }
}

/** The provider itself says that sessions have ended. */
export async function takeBackChannelLogout(request: PageRequest, ports: PagePorts): Promise<PageAnswer> {
  const form = await request.form();
  const token = form?.get('logout_token');
  const { provider, record, sessions } = ports;
  if (provider === undefined || token === null || token === undefined)
    return { status: 400, headers: PLAIN, body: 'no logout token\n' };
  // Strangers may send what they like, and each is verified.
  const taken = await ports.attempts.ofAddress('backchannel', request.address);
  if ('waitMs' in taken) return { status: 429, headers: PLAIN, body: 'too many\n' };
  try {
    const ended = await provider.provider.loggedOut(token);
    await ports.attempts.giveBack(taken);
    const { issuer } = provider.provider;
    const end = (inside: Inside) => sessions.in(inside).endOfProvider({ issuer, ...ended });
    await record.ended(end, 'the provider has ended the session');
    return { status: 200, headers: PLAIN, body: '' };
  } catch (error) {
    if (!(error instanceof ProviderFault)) throw error;
    ports.onProviderFault(`back-channel logout: ${error.message}`);
    return { status: error.kind === 'away' ? 503 : 400, headers: PLAIN, body: 'not taken\n' };
  }
}

function bindingOf(secret: string, { host }: PageRequest, { origin }: PagePorts): LoginBinding {
  const drawn = (what: string): string => createHmac('sha256', secret).update(what).digest('base64url');
  return {
    redirectUri: `${origin.urlOf(host)}${CALLBACK}`,
    state: drawn('state'),
    nonce: drawn('nonce'),
    verifier: drawn('verifier'),
  };
}

/** @throws what is no fault of the provider */
async function refusal(error: unknown, to: string, request: PageRequest, ports: PagePorts): Promise<PageAnswer> {
  if (!(error instanceof ProviderFault)) throw error;
  if (error.kind === 'away') ports.onProviderFault(error.message);
  else ports.record.refused('', request.address, error.message);
  const status = error.kind === 'away' ? 503 : 403;
  const text = error.kind === 'ended' ? 'this login was used already, or is too old: begin it again' : error.message;
  return loginPage(to, ports, text, { status, cookies: [setCookie('login', '', 0, ports.cookies)] });
}
