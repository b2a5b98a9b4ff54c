import { claimOf } from './claims.ts';
import type { ClaimRules, Claims } from './claims.ts';
import { tenantOf, trustDomainOf } from './issuer-name.ts';
import type { IssuerName, NamePattern } from './issuer-name.ts';
import type { KeySource } from './key-source.ts';

/** Whose tokens count: with which keys and algorithms they are signed, and what they must say. */
export interface Issuer {
  /** Undefined: whoever has the keys is the issuer, whatever the tokens say. */
  readonly name?: IssuerName | undefined;
  readonly algorithms: ReadonlySet<string>;
  readonly keys: KeySource;
  readonly rules: ClaimRules;
}

/** The issuers of one policy. What one's keys have signed never counts as another's. */
export interface Issuers {
  readonly all: readonly Issuer[];
  /** Set where one issuer is asked for every token: nothing that is not verified chooses. */
  readonly only: Issuer | undefined;
  /**
   * Whose token it says it is: that issuer's keys alone are tried.
   * @param claims not verified yet
   */
  choose(claims: Claims): Issuer | undefined;
  /** Whether a token says that it is of one of them; of those without a name every token may be. Not verified either. */
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

/** An exact name goes before patterns, these in their order; a token whose `iss` is none of them may be a JWT-SVID. */
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
