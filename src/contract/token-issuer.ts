import type { ClientApplication } from './contract.ts';

/**
 * Whether a token may name a client. Each issuer can put any client id into its tokens: without this, another's could
 * pass for the client.
 * @param names under any of which a client may say that the token's issuer is its own
 * @param isOfSeveral tokens of more than one issuer are taken: a client that says nothing is of none of them
 */
export function mayName(
  { issuers }: Pick<ClientApplication, 'issuers'>,
  names: readonly string[],
  isOfSeveral: boolean,
): boolean {
  return issuers === undefined ? !isOfSeveral : names.some((name) => issuers.has(name));
}

/** Why not, and the remedy. */
export function mismatchOf({ name, issuers }: Pick<ClientApplication, 'name' | 'issuers'>): string {
  return issuers === undefined
    ? `tokens of several issuers are taken, and the client application ${name} does not say which are its own (issuers)`
    : `the issuer of the token is not among issuers of the client application ${name}`;
}
