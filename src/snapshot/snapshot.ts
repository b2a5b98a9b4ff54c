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
  /** Why every request is denied: nobody can tell what the documents are. Undefined: they are known. */
  readonly withheld?: string | undefined;
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
  /** For analytics only, no decision uses them; absent: only the base path is shown. */
  readonly routes?: RouteIndex | undefined;
  /**
   * Requests that are open to everybody on purpose, as the document says. It is for information, and no decision uses
   * it.
   */
  readonly publicRequests?: readonly ConditionSource[] | undefined;
  /** The metadata for clients (RFC 9728); absent: the API has no public URL, or accepts no access tokens. */
  readonly metadata?: ResourceMetadata | undefined;
  /** Why all its requests are denied: its documents have faults, and it has no earlier ones. Absent: they have none. */
  readonly withheld?: string | undefined;
  /** How long it is served after the control plane was last heard, in milliseconds; absent: for ever. */
  readonly maxStaleMs?: number | undefined;
  /** In the order of decision. */
  readonly access: readonly Bound<AccessPolicy>[];
  /** In the order of decision; they run after every access policy. */
  readonly quota: readonly Bound<QuotaPolicy>[];
}

/** The metadata of an API as a protected resource of OAuth. */
export interface ResourceMetadata {
  /** Where it is, as challenges tell it. */
  readonly url: string;
  /** The host of the public URL: lower case, with its port if it has one. */
  readonly host: string;
  /** The path of the public URL, decoded: `/`, or without a slash at its end. */
  readonly path: string;
  /** JSON. */
  readonly body: string;
}

/** One of several ways to authenticate: each of its policies has to let the request pass. */
export interface Alternative {
  readonly policies: readonly Bound<AccessPolicy>[];
  /** Where its policies look: see `Authenticating.credential`. */
  readonly credentials: readonly string[];
  /** What its policies ask a caller for. */
  readonly challenges: readonly string[];
  /** What the other alternatives ask for. */
  readonly otherChallenges: readonly string[];
  /**
   * Request headers with credentials of the other alternatives. The upstream must not see them if this alternative
   * decided.
   */
  readonly hidden: readonly string[];
  /**
   * Headers that other alternatives read too. If one holds another alternative's credential, the upstream must not
   * see it.
   */
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
  /** A condition in addition to the rules. Absent: there is none. */
  readonly when?: Condition | undefined;
  /** Headers in lower case that a trusted proxy sets and callers can't, as the document says. */
  readonly trustedHeaders?: ReadonlySet<string> | undefined;
  readonly policy: P;
  /** A binding of the platform: what other policies establish is nothing that it goes by, where the platform's do too. */
  readonly isPlatform?: boolean;
  /** A group: one of these policies decides in place of the policy. */
  readonly alternatives?: readonly Alternative[];
}
