import { didYouMean } from '../../nearest.ts';
import { UserError } from '../../errors.ts';

/** Kinds as documents have them, and what else people call them. */
const NAMES: ReadonlyMap<string, readonly string[]> = new Map([
  ['Api', ['api', 'apis']],
  ['ClientApplication', ['clientapplication', 'clientapplications', 'client', 'clients', 'app', 'apps']],
  ['Contract', ['contract', 'contracts']],
  ['PolicyBinding', ['policybinding', 'policybindings', 'binding', 'bindings']],
  ['Configuration', ['configuration', 'configurations']],
  ['Alert', ['alert', 'alerts']],
  ['Webhook', ['webhook', 'webhooks']],
  ['Subscription', ['subscription', 'subscriptions']],
  ['Team', ['team', 'teams']],
  ['Specification', ['specification', 'specifications', 'spec', 'specs']],
  ['Secret', ['secret', 'secrets']],
]);

const PLATFORM = 'platform';

/** A word for each kind, as commands take it. */
export const KIND_WORDS: readonly string[] = [...NAMES.values()].map(([, plural = '']) => plural);

const BY_NAME: ReadonlyMap<string, string> = new Map(
  [...NAMES].flatMap(([kind, names]) => names.map((name) => [name, kind] as const)),
);

/**
 * @param given such as `apis`, `Api` or `app`
 * @throws UserError where there is no such kind
 */
export function kindOf(given: string): string {
  const kind = BY_NAME.get(given.toLowerCase());
  if (kind !== undefined) return kind;
  const meant = didYouMean(given, BY_NAME.keys()) || '.';
  throw new UserError(`there is no kind ${JSON.stringify(given)}${meant} There are ${KIND_WORDS.join(', ')}`, 2);
}

/** `api/orders`, with the namespace where it is another than `default`: `api/shop/orders`. */
export function shortName({ kind, namespace, name }: Named): string {
  return [kind.toLowerCase(), ...(namespace === 'default' || namespace === '' ? [] : [namespace]), name].join('/');
}

interface Named {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Reads `KIND NAME`, `KIND/NAME` or `KIND/NAMESPACE/NAME`.
 * @throws UserError
 */
export function namedIn(
  positionals: readonly string[],
  namespace: string | undefined,
): { kind: string; namespace: string; name: string | undefined } {
  const [first = '', ...rest] = positionals;
  const [kind = '', ...inside] = first.split('/');
  const parts = [...inside, ...rest];
  if (parts.length > 2 || (parts.length === 2 && inside.length < 2)) {
    throw new UserError(
      `${JSON.stringify(positionals.join(' '))} names more than one thing: give KIND NAME, or KIND/NAMESPACE/NAME`,
      2,
    );
  }
  const known = kindOf(kind);
  if (parts.length === 2) return { kind: known, namespace: parts[0] ?? '', name: parts[1] };
  // Teams are in no other one.
  const usual = known === 'Team' && parts.length > 0 ? PLATFORM : '';
  return { kind: known, namespace: namespace ?? usual, name: parts[0] };
}
