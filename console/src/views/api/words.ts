import type { CatalogTierJson, CredentialJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { TEXTS } from './texts.ts';

const WHAT: Readonly<Record<string, string>> = {
  KIND_CLIENT: 'client id and secret',
  KIND_CLIENT_BASIC: 'client id and secret, by HTTP Basic',
  KIND_API_KEY: 'API key',
  KIND_TOKEN: 'access token',
  KIND_USER: 'name and password, by HTTP Basic',
  KIND_CERTIFICATE: 'client certificate',
};

/** Such as `client id and secret in client_id, client_secret`. */
export function credentialText({
  header = '',
  kind = 'KIND_UNSPECIFIED',
  query = '',
  secretHeader = '',
}: CredentialJson): string {
  const what =
    kind === 'KIND_CLIENT' && secretHeader === ''
      ? 'client id'
      : (WHAT[kind] ?? 'a credential, as its documentation says');
  const isBasic = kind === 'KIND_CLIENT_BASIC' || kind === 'KIND_USER';
  const places = isBasic ? [] : [header, secretHeader].filter((each) => each !== '');
  if (places.length > 0) return `${what} in ${places.join(' and ')}`;
  return query === '' ? what : `${what} in ?${query}=`;
}

/** Who decides about a contract of a tier. */
export function approvalText({ approvers = 0, autoApprove = false, deprecated = false }: CatalogTierJson): string {
  if (deprecated) return TEXTS.closedTier;
  if (autoApprove) return TEXTS.atOnce;
  return approvers > 1 ? `by ${approvers} people` : TEXTS.byTeam;
}

/** A name of another namespace than the default says which. */
export function fullName(namespace: string | undefined, name: string | undefined): string {
  return namespace === undefined || namespace === '' || namespace === 'default' ? (name ?? '') : `${namespace}/${name}`;
}
