import { cookieOf, setCookie } from '../cookies.ts';
import { logInByPassword } from '../password-login.ts';
import { firstTokenForm } from './first-token-form.ts';
import { escaped, fault, page, redirect } from './html.ts';
import type { PageAnswer, PageOptions } from './html.ts';
import type { PageRequest } from './page-request.ts';
import type { PagePorts } from './ports.ts';
import { returnPath } from './return-path.ts';
import { enter, isOwnForm, visitorOf } from './visitor.ts';

/** The same for everybody who is not let in. */
const WRONG = 'the name or the password is wrong';

export async function showLogin(request: PageRequest, ports: PagePorts): Promise<PageAnswer> {
  const visitor = await visitorOf(request, ports);
  const to = returnPath(request.query.get('return'));
  if (visitor === undefined) return loginPage(to, ports);
  if (to !== '/login') return redirect(to);
  return page(
    'You are logged in',
    `<p>as <strong>${escaped(visitor.session.person)}</strong></p><form method="post" action="/logout"><button>Log out</button></form>`,
  );
}

/** By name and password. */
export async function takePassword(request: PageRequest, ports: PagePorts): Promise<PageAnswer> {
  if (!isOwnForm(request, ports)) return foreignForm();
  const form = await request.form();
  if (form === undefined) return page('Log in', fault('this is not the form of this page'), { status: 400 });
  const to = returnPath(form.get('return'));
  const [name, password] = [form.get('name') ?? '', form.get('password') ?? ''];
  const { address, signal } = request;
  const login = { ...ports, now: () => ports.clock.now() };
  const result = await logInByPassword({ name, password, address, signal }, login);
  switch (result.result) {
    case 'right':
      return enter(request, { person: result.person.name }, to, ports);
    case 'wrong':
      ports.record.refused(name, address, WRONG);
      return loginPage(to, ports, WRONG, { status: 401, name });
    case 'busy':
      return loginPage(to, ports, 'too many log in at once: try again', { status: 503, retryAfterSeconds: 1, name });
    case 'too_many': {
      const retryAfterSeconds = Math.ceil(result.waitMs / 1000);
      ports.record.refused(name, address, 'too many attempts');
      ports.limited(name, address);
      const text = `too many attempts: try again in ${retryAfterSeconds} s`;
      return loginPage(to, ports, text, { status: 429, retryAfterSeconds, name });
    }
    default:
      return result satisfies never;
  }
}

/**
 * @param why why the last attempt came to nothing
 * @param options `name`: whom the last attempt was of, so that nobody types it twice
 */
export async function loginPage(
  to: string,
  ports: PagePorts,
  why?: string,
  options: PageOptions & { readonly name?: string } = {},
): Promise<PageAnswer> {
  const typed = options.name === undefined ? '' : ` value="${escaped(options.name)}"`;
  const said = why === undefined ? '' : fault(why);
  const query = to === '/login' ? '' : `?return=${encodeURIComponent(to)}`;
  const provider =
    ports.provider === undefined
      ? ''
      : `<a class="button" href="/login/start${escaped(query)}">Log in by ${escaped(hostOf(ports))}</a>`;
  // There the first token is the only way.
  const isFirst = provider === '' && (await ports.people.isEmpty());
  const form =
    `<form method="post" action="/login"><input type="hidden" name="return" value="${escaped(to)}">` +
    `<label>Name <input name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required${typed}></label>` +
    '<label>Password <input name="password" type="password" autocomplete="current-password" required></label>' +
    `${provider === '' ? '<button>Log in</button>' : '<button class="other">Log in as a local user</button>'}</form>`;
  const first = firstTokenForm(to, ports, isFirst);
  return page('Log in', `${said}${provider}${isFirst ? '' : form}${first}`, options);
}

function hostOf({ provider }: PagePorts): string {
  return URL.parse(provider?.provider.issuer ?? '')?.host ?? '';
}

export function showLogout(): PageAnswer {
  return page('Log out', '<form method="post" action="/logout"><button>Log out</button></form>');
}

/** Here, not at the provider: what else is logged in there stays so. */
export async function takeLogout(request: PageRequest, ports: PagePorts): Promise<PageAnswer> {
  if (!isOwnForm(request, ports)) return foreignForm();
  // The provider is not asked: one may leave while it is away.
  const secret = cookieOf(request.cookie, 'session', ports.cookies);
  const session = secret === undefined ? undefined : await ports.sessions.present(secret);
  if (session !== undefined) {
    const { record, sessions } = ports;
    const left = { ...session, address: request.address };
    await record.loggedOut(left, (inside) => sessions.in(inside).end(session.id));
  }
  return redirect('/login', [setCookie('session', '', 0, ports.cookies)]);
}

export function foreignForm(): PageAnswer {
  return page('Not from here', fault('this form was not sent by a page of the control plane: open it again'), {
    status: 403,
  });
}
