import type { Identity } from '../contract/identity.ts';
import { mayName, mismatchOf } from '../contract/token-issuer.ts';
import type { Denial } from '../denial/denial.ts';
import { actorsOf } from '../jwt/actors.ts';
import { claimHeaders } from '../jwt/claim-headers.ts';
import type { ClaimHeader } from '../jwt/claim-headers.ts';
import { scopesOf, unfoundOf } from '../jwt/claims.ts';
import type { Claims } from '../jwt/claims.ts';
import { confirmationOf } from '../jwt/confirmation.ts';
import type { Confirmation } from '../jwt/confirmation.ts';
import { namesFor } from '../jwt/issuer-name.ts';
import type { Issuer } from '../jwt/issuers.ts';
import type { ClientHeaders } from '../policy/client-headers.ts';
import type { Selection } from '../policy/expression.ts';
import type { Grant, Outcome, Request } from '../policy/policy.ts';
import { checksCertificate } from './jwt-validation-binding.ts';
import { pathOf } from './jwt-validation-fields.ts';
import type { JwtValidationOptions } from './jwt-validation-parameters.ts';

declare module '../denial/denial.ts' {
  interface Reasons {
    issuer_mismatch: object;
  }
}

export const JWT_REASONS = {
  issuer_mismatch: {
    httpStatus: 403,
    sentence: 'The client has no access to this API.',
    meaning: "the client of the token does not say that the token's issuer is its own (`issuers`)",
  },
} as const;

/** The result that follows from the claims alone, before the contract is looked up. */
export type Admission = Denial | Admitted;

export interface Admitted extends Required<Pick<Grant, 'upstream' | 'remove' | 'remark'>>, Pick<Grant, 'metadata'> {
  readonly reason?: undefined;
  readonly identity: { readonly claims: Claims; readonly issuers: readonly string[] };
  /** SHA-256 of the certificate that the sender must have, in lower-case hex. */
  readonly boundTo: string | undefined;
  /** The last grant. It is reused while the token's contract and the issuers stay the same. */
  last: (Grant & { readonly identity: Identity }) | undefined;
  lastOfSeveral: boolean;
}

/** The claims that the options write into headers. */
export function wantedHeaders({
  claimsToHeaders,
}: Pick<JwtValidationOptions, 'claimsToHeaders'>): readonly ClaimHeader[] {
  return claimsToHeaders.map(({ claim = '', path, header, encoding }) => ({
    path: path === undefined ? [claim] : pathOf(path),
    label: JSON.stringify(path ?? claim),
    isPath: path !== undefined,
    header,
    encoding,
  }));
}

export function admission(
  config: JwtValidationOptions,
  remove: readonly string[],
): (claims: Claims, issuer: Issuer) => Admission {
  const isCompared = checksCertificate(config);
  const wanted = wantedHeaders(config);
  return (claims, { name, rules }) => {
    const scopes = scopesOf(claims);
    if (!config.requiredScopes.every((scope) => scopes.has(scope))) {
      const missing = config.requiredScopes.filter((scope) => !scopes.has(scope));
      return {
        reason: 'scope_insufficient',
        scopes: config.requiredScopes,
        detail: `the token has not the scopes ${missing.join(' ')}`,
      };
    }
    const confirmation: Confirmation = isCompared ? confirmationOf(claims) : { kind: 'none' };
    if (confirmation.kind === 'fault') return { reason: 'token_invalid', detail: confirmation.detail };
    if (confirmation.kind === 'none' && config.senderConstraint === 'requireCertificate') {
      return { reason: 'token_invalid', detail: 'the token is bound to no certificate of its sender (cnf)' };
    }
    const actors = config.actorsToMetadata ? actorsOf(claims) : [];
    if (typeof actors === 'string') return { reason: 'token_invalid', detail: actors };
    const told = claimHeaders(claims, wanted);
    if (typeof told === 'string') return { reason: 'token_invalid', detail: told };
    const unfound = [...unfoundOf(claims, rules), ...told.unfound];
    const remark = unfound.length === 0 ? undefined : `the token has nothing at ${unfound.join(', ')}`;
    const admitted: Admitted = {
      identity: { claims, issuers: namesFor(name ?? { kind: 'exact', names: [] }, claims) },
      upstream: told.headers,
      remove,
      remark,
      boundTo: confirmation.kind === 'certificate' ? confirmation.sha256 : undefined,
      last: undefined,
      lastOfSeveral: false,
    };
    // Most tokens have no actors: these keep one object shape.
    return actors.length === 0 ? admitted : { ...admitted, metadata: metadataOf(actors) };
  };
}

/** Names the current actor, and all actors as a JSON list with the current one first. */
function metadataOf(actors: readonly string[]): Grant['metadata'] & object {
  return { token_actor: actors[0] ?? '', token_actors: JSON.stringify(actors) };
}

export interface ClientRules {
  readonly selections: readonly Selection[];
  readonly told: ClientHeaders;
  /** The policy accepts tokens of several issuers. */
  readonly isOfSeveral: boolean;
}

export function withClient(request: Request, admitted: Admitted, rules: ClientRules): Outcome {
  const { claims, issuers } = admitted.identity;
  const clientId = clientIdFrom(request, claims, rules.selections);
  if (clientId === undefined) return { reason: 'contract_missing', detail: 'the token names no client' };
  const contract = request.directory.contract(clientId, request.api);
  if (contract?.status !== 'approved') {
    const detail =
      contract === undefined
        ? `the client of the token has no contract for ${request.api}`
        : `the contract ${contract.name} is ${contract.status}`;
    return { reason: 'contract_missing', detail };
  }
  const isOfSeveral = rules.isOfSeveral || request.severalIssuers === true;
  const { last } = admitted;
  if (last?.identity.contract === contract && admitted.lastOfSeveral === isOfSeveral) return last;
  const { client } = contract;
  if (!mayName(client, issuers, isOfSeveral)) return { reason: 'issuer_mismatch', detail: mismatchOf(client) };
  const ofClient = rules.told.of(client, contract);
  const upstream = admitted.upstream.length === 0 ? ofClient : [...admitted.upstream, ...ofClient];
  admitted.lastOfSeveral = isOfSeveral;
  const { remove, remark, metadata } = admitted;
  const identity = { claims, issuers, client, contract };
  const grant = { identity, upstream, remove, remark };
  return (admitted.last = metadata === undefined ? grant : { ...grant, metadata });
}

/**
 * Returns the first of these claims that the token has. A later one is not tried if its client has no contract, since
 * a client could otherwise act as another.
 */
function clientIdFrom(request: Request, claims: Claims, selections: readonly Selection[]): string | undefined {
  const identity = { claims };
  for (const selection of selections) {
    const clientId = selection.select(request, identity);
    if (clientId !== undefined && clientId !== '') return clientId;
  }
  return undefined;
}
