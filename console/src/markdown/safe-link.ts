/** @returns undefined: it may lead to a script, or to somewhere in this console */
export function safeLink(href: string): string | undefined {
  const url = URL.parse(href);
  if (url === null || url.username !== '' || url.password !== '') return undefined;
  return /^(?:https?|mailto):$/.test(url.protocol) ? url.href : undefined;
}
