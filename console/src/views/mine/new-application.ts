import { person } from '../../shell/session.ts';

export const NEW_NAME = 'New application…';

/** @returns why it can be no name; undefined: it can */
export function problemOfName(name: string): string | undefined {
  if (name === '') return 'Give the new application a name.';
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
    return 'A name has small letters, digits and dashes, at most 63 of them, and begins and ends with a letter or digit.';
  return undefined;
}

/** In a namespace that no team owns, the application says whose it is. */
export function ownerFor(namespace: string): { readonly owner?: string } {
  const team = person.value?.roles?.find(
    ({ role, team: own }) => (role === 'developer' || role === 'admin') && own !== 'platform',
  )?.team;
  return namespace !== 'default' || team === undefined ? {} : { owner: team };
}
