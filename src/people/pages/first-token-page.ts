import { FIRST } from '../first-token.ts';
import { fault, page } from './html.ts';
import type { PageAnswer } from './html.ts';
import { foreignForm, loginPage } from './login-page.ts';
import type { PageRequest } from './page-request.ts';
import type { PagePorts } from './ports.ts';
import { returnPath } from './return-path.ts';
import { enter, isOwnForm } from './visitor.ts';

const WRONG = 'this is not the first token';

/** By the token of the first start, from a form. */
export async function takeFirstToken(request: PageRequest, ports: PagePorts): Promise<PageAnswer> {
  if (!isOwnForm(request, ports)) return foreignForm();
  const form = await request.form();
  if (form === undefined) return page('Log in', fault('this is not the form of this page'), { status: 400 });
  const to = returnPath(form.get('return'));
  const { address } = request;
  const taken = await ports.attempts.ofAddress('first token', address);
  if ('waitMs' in taken) {
    const retryAfterSeconds = Math.ceil(taken.waitMs / 1000);
    ports.record.refused(FIRST, address, 'too many attempts');
    const text = `too many attempts: try again in ${retryAfterSeconds} s`;
    return loginPage(to, ports, text, { status: 429, retryAfterSeconds });
  }
  if (!(await ports.firstToken.isToken((form.get('token') ?? '').trim()))) {
    ports.record.refused(FIRST, address, WRONG);
    return loginPage(to, ports, WRONG, { status: 401 });
  }
  await ports.attempts.giveBack(taken);
  return enterByFirst(request, to, ports);
}

/** By the link that the terminal shows. */
export async function followFirstLink(request: PageRequest, ports: PagePorts): Promise<PageAnswer> {
  // A browser that looks ahead would use it up.
  if (request.isAhead) return page('Not yet', '<p>Open this link yourself.</p>', { status: 503 });
  const { address } = request;
  if (ports.firstLink.take(request.query.get('code') ?? '')) return enterByFirst(request, '/', ports);
  ports.record.refused(FIRST, address, 'the link is not known');
  const text = 'This link was used already, or is too old. Log in, or start the control plane again for another one.';
  return loginPage('/', ports, text, { status: 401 });
}

async function enterByFirst(request: PageRequest, to: string, ports: PagePorts): Promise<PageAnswer> {
  const provider = { session: await ports.firstToken.mark(), refreshToken: undefined, checkAt: 0 };
  const next = to === '/login' ? '/' : to;
  return enter(request, { person: FIRST, provider }, next, ports, 'first token');
}
