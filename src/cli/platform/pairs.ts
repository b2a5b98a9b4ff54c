import type { Form } from '../../flags.ts';

/** `team=shop`. */
export const pair: Form = (given) => (/^[^=]+=.*$/s.test(given) ? undefined : 'expected KEY=VALUE, such as team=shop');

export function pairsOf(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((each) => {
      const at = each.indexOf('=');
      return [each.slice(0, at), each.slice(at + 1)];
    }),
  );
}
