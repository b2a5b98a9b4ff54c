import { list } from '../../flags.ts';
import type { FlagValues } from '../../flags.ts';
import { pair, pairsOf } from './pairs.ts';

/** Which APIs, with what belongs to them. */
export const scopeFlags = {
  scopeNamespace: list([], 'NAME', 'APIs of this namespace; repeatable: of any of them'),
  scopeApi: list([], 'NAME', 'this API: NAME, or NAMESPACE/NAME; repeatable: any of them'),
  scopeLabel: list([], 'KEY=VALUE', 'APIs with this label; repeatable: with all of them', pair),
};

export function scopeOf({ scopeNamespace, scopeApi, scopeLabel }: FlagValues<typeof scopeFlags>) {
  return { namespaces: scopeNamespace, apis: scopeApi, labels: pairsOf(scopeLabel) };
}
