import { claimOf } from './claims.ts';
import type { ClaimRules, Claims } from './claims.ts';
import { tenantOf, trustDomainOf } from './issuer-name.ts';
import type { IssuerName, NamePattern } from './issuer-name.ts';
import type { KeySource } from './key-source.ts';

/** An issuer whose tokens are accepted: its keys and algorithms, and the rules for its claims. */
export interface Issuer {
  /** Undefined: whoever has the keys is the issuer, whatever the tokens say. */
  readonly name?: IssuerName | undefined;
  readonly algorithms: ReadonlySet<string>;
  readonly keys: KeySource;
  readonly rules: ClaimRules;
}

/** The issuers of one policy. A token is verified only with the keys of the issuer that it names. */
export interface Issuers {
  readonly all: readonly Issuer[];
  /** Set if there is one issuer for every token, so that no unverified claim chooses. */
  readonly only: Issuer | undefined;
  /**
   * Chooses the issuer that the token names. Only the keys of this issuer are tried.
   * @param claims not verified yet
   */
  choose(claims: Claims): Issuer | undefined;
  /**
   * Whether the token names one of these issuers. Any token may be of an issuer without a name. The claims are not
   * verified.
   */
  isMeant(claims: Claims): boolean;
  /** Exact names, such as `https://issuer.example.com/`. */
  readonly identifiers: readonly string[];
}

export function oneIssuer(issuer: Omit<Issuer, 'algorithms'> & { readonly algorithms: Iterable<string> }): Issuers {
  const only = { ...issuer, algorithms: new Set(issuer.algorithms) };
  const { issuers: identifiers } = issuer.rules;
  return {
    all: [only],
    only,
    choose: () => only,
    isMeant(claims) {
      const named = claimOf(claims, 'iss');
      return identifiers.length === 0 || (typeof named === 'string' && identifiers.includes(named));
    },
    identifiers,
  };
}

/**
 * Exact names are compared before patterns, and patterns in their order. A token whose `iss` matches none may be a
 * JWT-SVID.
 */
export function namedIssuers(all: readonly (Issuer & { readonly name: IssuerName })[]): Issuers {
  const exact = new Map<string, Issuer>();
  const patterns: { readonly name: NamePattern; readonly issuer: Issuer }[] = [];
  const domains = new Map<string, Issuer>();
  for (const issuer of all) {
    const { name } = issuer;
    if (name.kind === 'exact') for (const one of name.names) exact.set(one, issuer);
    else if (name.kind === 'pattern') patterns.push({ name, issuer });
    else domains.set(name.domain, issuer);
  }
  const choose = (claims: Claims): Issuer | undefined => {
    const named = claimOf(claims, 'iss');
    if (typeof named === 'string') {
      const known = exact.get(named) ?? patterns.find(({ name }) => tenantOf(name, named) !== undefined)?.issuer;
      if (known !== undefined) return known;
    }
    const domain = domains.size === 0 ? undefined : trustDomainOf(claimOf(claims, 'sub'));
    return domain === undefined ? undefined : domains.get(domain);
  };
  return {
    all,
    only: undefined,
    choose,
    isMeant: (claims) => choose(claims) !== undefined,
    identifiers: [...exact.keys()],
  };
}
