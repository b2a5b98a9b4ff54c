import type { ClientApplication, Contract } from '../contract/contract.ts';
import { mayName, mismatchOf } from '../contract/token-issuer.ts';
import { verifySecret } from '../contract/secret.ts';
import type { ClientRejection, Denial } from '../denial/denial.ts';
import type { Request } from './policy.ts';

/** The credentials that a caller presents as a client application. */
export interface Credentials {
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  /** False: the id alone is enough. */
  readonly secretRequired: boolean;
  /** The id is a claim of a token. Without a secret, only the token's issuer vouches for it. */
  readonly isClaimed?: boolean;
}

export interface AuthenticatedClient {
  readonly reason?: undefined;
  readonly client: ClientApplication;
  /** Approved. */
  readonly contract: Contract;
}

/**
 * The client application of these credentials and its approved contract with the API.
 * An unknown id and a wrong secret take the same time and give the same answer: a caller can't
 * find out which ids exist.
 * @param challenge the value of `www-authenticate` on a denial
 */
export function authenticateClient(
  request: Request,
  credentials: Credentials,
  challenge: string,
): Denial | AuthenticatedClient {
  const { clientId, clientSecret, secretRequired, isClaimed = false } = credentials;
  if (!clientId) return rejection('credentials_missing', 'the request names no client id', challenge);
  if (secretRequired && !clientSecret) {
    return rejection('credentials_missing', 'the request has a client id and no client secret', challenge);
  }
  const client = request.directory.client(clientId);
  if (secretRequired && !verifySecret(client, clientSecret ?? '')) {
    return client === undefined
      ? rejection('client_unknown', 'no client application has this client id', challenge)
      : rejection('secret_wrong', `the secret is not one of client application ${client.name}`, challenge);
  }
  if (client === undefined) {
    return rejection('client_unknown', 'no client application has this client id', challenge);
  }
  if (isClaimed && !secretRequired) {
    const { identity, severalIssuers = false } = request;
    if (!mayName(client, identity.issuers ?? [], severalIssuers)) {
      return rejection('issuer_mismatch', mismatchOf(client), challenge);
    }
  }
  return contractOf(request, client, challenge);
}

/** The approved contract of an authenticated client with the API of the request. */
export function contractOf(
  request: Request,
  client: ClientApplication,
  challenge: string,
): Denial | AuthenticatedClient {
  const { contract: known } = request.identity;
  const contract = known?.client === client ? known : request.directory.contract(client.clientId, request.api);
  if (contract === undefined) {
    return rejection(
      'contract_missing',
      `client application ${client.name} has no contract with ${request.api}`,
      challenge,
    );
  }
  if (contract.status !== 'approved') {
    return rejection('contract_not_approved', `contract ${contract.name} is ${contract.status}`, challenge);
  }
  return { client, contract };
}

export function rejection(cause: ClientRejection, detail: string, challenge: string): Denial {
  return { reason: 'client_rejected', cause, detail, challenge };
}
