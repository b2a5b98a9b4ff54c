import { findProgram } from '../find-program.ts';
import { FIRST } from '../first-token.ts';
import type { WaitingProgram } from '../program-logins.ts';
import { escaped, fault, page, redirect } from './html.ts';
import type { PageAnswer, PageOptions } from './html.ts';
import { foreignForm } from './login-page.ts';
import type { PageRequest } from './page-request.ts';
import type { PagePorts } from './ports.ts';
import { isOwnForm, visitorOf } from './visitor.ts';
import type { Visitor } from './visitor.ts';

export const PROGRAM = '/login/program';

/** Where a person lets a program in that waits. */
export async function showProgram(request: PageRequest, ports: PagePorts): Promise<PageAnswer> {
  const visitor = await visitorOf(request, ports);
  const code = request.query.get('code') ?? '';
  if (visitor === undefined) {
    const here = code === '' ? PROGRAM : `${PROGRAM}?code=${encodeURIComponent(code)}`;
    return redirect(`/login?return=${encodeURIComponent(here)}`);
  }
  if (visitor.session.person === FIRST) return nobodysPage();
  if (code === '') return codePage(visitor);
  const found = await findProgram(code, visitor.session.person, ports);
  if (found === undefined || 'waitMs' in found)
    return codePage(visitor, textOf(found), { status: found === undefined ? 404 : 429 });
  // Somebody else may have sent the link: who types the code has it before them.
  return found.redirectPort === 0 ? codePage(visitor) : decisionPage(code, found, visitor);
}

export async function takeProgram(request: PageRequest, ports: PagePorts): Promise<PageAnswer> {
  if (!isOwnForm(request, ports)) return foreignForm();
  const visitor = await visitorOf(request, ports);
  if (visitor === undefined) return redirect(`/login?return=${encodeURIComponent(PROGRAM)}`);
  if (visitor.session.person === FIRST) return nobodysPage();
  const form = await request.form();
  const [code, answer] = [form?.get('code') ?? '', form?.get('answer') ?? ''];
  const { person, providerSession } = visitor.session;
  const found = await findProgram(code, person, ports);
  if (found === undefined || 'waitMs' in found)
    return codePage(visitor, textOf(found), { status: found === undefined ? 404 : 429 });
  if (answer !== 'allow' && answer !== 'refuse') return decisionPage(code, found, visitor);
  const isAllowed = answer === 'allow';
  const decided = await ports.programs.decide(code, isAllowed ? { person, providerSession } : undefined);
  if (decided === undefined) return codePage(visitor, textOf(undefined), { status: 404 });
  if (decided.redirectUrl !== undefined) return redirect(decided.redirectUrl);
  const text = isAllowed ? 'The program is let in. You can close this page.' : 'The program was refused.';
  return page('Done', `<p>${text}</p>`);
}

/** A program acts as a person, and the first token is nobody's. */
function nobodysPage(): PageAnswer {
  const text = 'You have logged in by the first token, which is nobody’s. To let a program in, log in as yourself.';
  return page('Let a program in', fault(text), { status: 403 });
}

function textOf(found: { readonly waitMs: number } | undefined): string {
  if (found !== undefined) return `too many attempts: try again in ${Math.ceil(found.waitMs / 1000)} s`;
  return 'no program waits with this code: it may be too old, or decided already';
}

function codePage(visitor: Visitor, why?: string, options: PageOptions = {}): PageAnswer {
  return page(
    'Let a program in',
    `${why === undefined ? '' : fault(why)}<p>You are <strong>${escaped(visitor.session.person)}</strong>. Enter the code that the program on your ` +
      'own machine shows. If somebody has sent you a code or a link to this page, close it: they would act as you.</p>' +
      `<form method="post" action="${PROGRAM}"><label>Code <input name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" required></label>` +
      '<button>Go on</button></form>',
    options,
  );
}

function decisionPage(code: string, { address, client, redirectPort }: WaitingProgram, visitor: Visitor): PageAnswer {
  const from = address === '' ? '' : ` from <strong>${escaped(address)}</strong>`;
  const called = client === '' ? 'A program' : `A program that calls itself <strong>${escaped(client)}</strong>`;
  return page(
    'Let a program in?',
    `<p>${called} asks${from}, with the code <code>${escaped(code)}</code>, to act as you, <strong>${escaped(visitor.session.person)}</strong>.</p>` +
      '<p>Allow it only if you have started it yourself, just now.</p>' +
      `<form method="post" action="${PROGRAM}"><input type="hidden" name="code" value="${escaped(code)}">` +
      '<button name="answer" value="allow">Allow</button><button class="other" name="answer" value="refuse">Refuse</button></form>',
    redirectPort === 0 ? {} : { formTarget: `http://127.0.0.1:${redirectPort}` },
  );
}
