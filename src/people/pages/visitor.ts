import type { Inside } from '../../database/inside.ts';
import { cookieOf, setCookie } from '../cookies.ts';
import type { NewSession, PresentedSession } from '../sessions.ts';
import { redirect } from './html.ts';
import type { PageAnswer } from './html.ts';
import type { PageRequest } from './page-request.ts';
import type { LoggedInBy, PagePorts } from './ports.ts';

export interface Visitor {
  readonly secret: string;
  readonly session: PresentedSession;
}

/** Who is logged in in this browser; undefined: nobody. @throws RpcError (rejects with it) where that can't be told */
export async function visitorOf(
  { cookie }: PageRequest,
  { cookies, provider, sessions }: Pick<PagePorts, 'cookies' | 'provider' | 'sessions'>,
): Promise<Visitor | undefined> {
  const secret = cookieOf(cookie, 'session', cookies);
  if (secret === undefined) return undefined;
  const presented = await sessions.present(secret);
  if (presented === undefined) return undefined;
  const session = provider === undefined ? presented : await provider.confirming.confirm(secret, presented);
  return session && { secret, session };
}

/** Whether a page of ours has sent a form: one of elsewhere can make a browser send it too, with its cookies. */
export function isOwnForm({ host, origin }: PageRequest, ports: Pick<PagePorts, 'origin'>): boolean {
  return origin !== undefined && ports.origin.isOwn(origin, host);
}

/**
 * Begins a session, whatever cookie the browser has brought: the one before ends, and no secret that anybody has put there
 * beforehand becomes one.
 */
export async function enter(
  request: PageRequest,
  wanted: Pick<NewSession, 'person' | 'provider'>,
  to: string,
  ports: PagePorts,
  by: LoggedInBy = wanted.provider === undefined ? 'password' : 'provider',
): Promise<PageAnswer> {
  const { cookies, maxAgeMs, record, sessions } = ports;
  const before = cookieOf(request.cookie, 'session', cookies);
  const ended = before === undefined ? undefined : await sessions.present(before);
  const begin = async (inside: Inside) => {
    if (ended !== undefined) await sessions.in(inside).end(ended.id);
    return sessions.in(inside).begin({ ...wanted, kind: 'browser', address: request.address });
  };
  const session = await record.loggedIn(begin, by);
  const gone = setCookie('login', '', 0, cookies);
  return redirect(to, [setCookie('session', session.secret, maxAgeMs, cookies), gone]);
}
