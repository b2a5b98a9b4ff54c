import { escaped } from './html.ts';
import type { PagePorts } from './ports.ts';

/** @param isFirst nobody else can log in yet */
export function firstTokenForm(to: string, { firstToken }: Pick<PagePorts, 'firstToken'>, isFirst: boolean): string {
  const where =
    firstToken.file === undefined
      ? 'It was written to a file when the control plane was started for the first time.'
      : `This shows it: <code>cat ${escaped(firstToken.file)}</code>`;
  const form =
    `<form method="post" action="/login/first"><input type="hidden" name="return" value="${escaped(to)}">` +
    '<label>First token <input name="token" type="password" autocomplete="off" required></label>' +
    `<p class="help">${where}</p>` +
    `<button${isFirst ? '' : ' class="other"'}>Log in as the administrator</button></form>`;
  if (isFirst) return `<p>Nobody has an account here yet: log in by the token of the first start.</p>${form}`;
  return `<details><summary>Log in by the first token</summary>${form}</details>`;
}
