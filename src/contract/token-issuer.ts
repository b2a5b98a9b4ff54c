import type { ClientApplication } from './contract.ts';

/**
 * Whether a token may name a client. An issuer can put any client id into its tokens; without this check, another
 * issuer's tokens could name the client.
 * @param names the names of the token's issuer; the client must list one of them
 * @param isOfSeveral the policy accepts several issuers: then a client without `issuers` belongs to none of them
 */
export function mayName(
  { issuers }: Pick<ClientApplication, 'issuers'>,
  names: readonly string[],
  isOfSeveral: boolean,
): boolean {
  return issuers === undefined ? !isOfSeveral : names.some((name) => issuers.has(name));
}

/** Why the token may not name the client, and the remedy. */
export function mismatchOf({ name, issuers }: Pick<ClientApplication, 'name' | 'issuers'>): string {
  return issuers === undefined
    ? `tokens of several issuers are taken, and the client application ${name} does not say which are its own (issuers)`
    : `the issuer of the token is not among issuers of the client application ${name}`;
}
