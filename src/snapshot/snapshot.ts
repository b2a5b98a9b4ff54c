import type { Contract, ContractDirectory, Tier } from '../contract/contract.ts';
import type { ReasonTable } from '../denial/reasons.ts';
import type { Condition } from '../policy/condition.ts';
import type { AccessPolicy, Authenticating, QuotaPolicy } from '../policy/policy.ts';
import type { ConditionSource, Rules } from '../policy/rules.ts';
import type { IdentityHeaders } from './identity-headers.ts';
import type { RouteIndex } from './route-index.ts';

/** Everything that decides a Check: one immutable, compiled version of the documents. */
export interface Snapshot {
  /** A digest of the documents: two replicas with the same version enforce the same. */
  readonly version: string;
  /** Milliseconds since the Unix epoch. */
  readonly loadedAt: number;
  /** The files it was read from. */
  readonly sources: readonly string[];
  /** Sorted by name. */
  readonly apis: readonly Api[];
  apiNamed(name: string): Api | undefined;
  /**
   * The most specific host first, then the longest base path on whole segments.
   * @param host as `hostOf` gives it
   * @param form `as sent`: the path is undecoded, as Envoy matches its routes by it
   */
  apiFor(host: string, path: string, form?: 'as sent'): Api | undefined;
  /**
   * The API whose metadata is about a public URL; undefined where none has any.
   * @param path `/`, or without a slash at its end
   */
  readonly apiOfPublicUrl?: ((host: string, path: string) => Api | undefined) | undefined;
  readonly directory: ContractDirectory;
  /** How many there are. */
  readonly clientApplications: number;
  readonly contractCount: number;
  /** All of them, whatever their status. */
  readonly contracts: () => Iterable<Contract>;
  /** Made of every header that any configured policy could set for the upstream. */
  readonly identityHeaders: IdentityHeaders;
  /** The answer for each reason of a denial, with the texts of the documents. */
  readonly reasons: ReasonTable;
}

export interface Api {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Empty: any host. */
  readonly hosts: readonly string[];
  /** `/` or `/a/b` without a slash at its end. */
  readonly basePath: string;
  /** Made of the headers that policies of its namespace, and the platform's, could set for the upstream. */
  readonly identityHeaders: IdentityHeaders;
  /** `keep`: an encoded slash is a character of its segment; absent: a request with an encoded slash is refused. */
  readonly encodedSlashes?: 'keep' | undefined;
  /** Its enforced policies take tokens of more than one issuer. */
  readonly severalIssuers?: boolean;
  readonly tiers: readonly Tier[];
  /** For what is told of requests, and for no decision; absent: nothing but the base path is told. */
  readonly routes?: RouteIndex | undefined;
  /** Requests that are meant for everybody, as the document says: for what is told of the API, and for no decision. */
  readonly publicRequests?: readonly ConditionSource[] | undefined;
  /** What clients are told of it (RFC 9728); absent: it has no public URL, or takes no access tokens. */
  readonly metadata?: ResourceMetadata | undefined;
  /** In the order of decision. */
  readonly access: readonly Bound<AccessPolicy>[];
  /** In the order of decision; they run after every access policy. */
  readonly quota: readonly Bound<QuotaPolicy>[];
}

/** The metadata of an API as a protected resource of OAuth. */
export interface ResourceMetadata {
  /** Where it is, as challenges tell it. */
  readonly url: string;
  /** Of the public URL: lower case, with its port where that is told. */
  readonly host: string;
  /** Of the public URL, decoded: `/`, or without a slash at its end. */
  readonly path: string;
  /** JSON. */
  readonly body: string;
}

/** One of several ways to authenticate: each of its policies has to let the request pass. */
export interface Alternative {
  readonly policies: readonly Bound<AccessPolicy>[];
  /** What its policies look at: see `Authenticating.credential`. */
  readonly credentials: readonly string[];
  /** What its policies ask a caller for. */
  readonly challenges: readonly string[];
  /** What the other alternatives ask for. */
  readonly otherChallenges: readonly string[];
  /** Request headers with credentials of the other alternatives, which the upstream must not see where this one decided. */
  readonly hidden: readonly string[];
  /** Headers that it looks at as others do: where another's credential lies in one, the upstream must not see it either. */
  readonly contested: readonly { readonly by: Authenticating; readonly headers: readonly string[] }[];
  /** Whether a later alternative looks at the same credential. */
  readonly sharesCredential: boolean;
}

/** A policy bound to an API. */
export interface Bound<P extends AccessPolicy | QuotaPolicy> {
  /** The binding's name, or `<api>/<name>` for an API's own policy, whose kind names it where it has no name. */
  readonly name: string;
  /** The kind, such as `jwt-validation`. */
  readonly kind: string;
  readonly order: number;
  readonly mode: 'enforce' | 'shadow';
  readonly onFailure: 'deny' | 'allow';
  /** Undefined: it applies to every request of the API. */
  readonly rules: Rules | undefined;
  /** Beside the rules: it applies where both hold. Absent: always. */
  readonly when?: Condition | undefined;
  /** Lower case: headers that a trusted proxy sets and callers can't, as the document says. */
  readonly trustedHeaders?: ReadonlySet<string> | undefined;
  readonly policy: P;
  /** Of a group: one of these decides in place of the policy. */
  readonly alternatives?: readonly Alternative[];
}
