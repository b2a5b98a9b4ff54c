import type { Role } from './caller.ts';

/** In which team a role would do: an answer does not say whose an object is. */
export type Where = 'platform' | 'own' | 'api' | 'application' | 'any';

/** What it takes. */
export interface Lacking {
  readonly roles: readonly Role[];
  readonly where: Where;
}

const PLACES: Readonly<Record<Where, string>> = {
  platform: 'in the team platform',
  own: 'in the team that it belongs to',
  api: 'in the team of its API',
  application: 'in the team of its client application',
  any: 'in a team',
};

/**
 * Why somebody may not do something: who called, what was refused, and which role would do.
 * @param what such as `may not write Api shop/orders`
 */
export function refusalText(who: string, what: string, { roles, where }: Lacking): string {
  const role = roles.length === 1 ? `the role ${roles[0]}` : `one of the roles ${listed(roles)}`;
  return `${who} ${what}: it takes ${role} ${PLACES[where]}`;
}

function listed(texts: readonly string[]): string {
  return texts.length < 2 ? (texts[0] ?? '') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`;
}
