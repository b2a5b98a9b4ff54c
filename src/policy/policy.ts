import type { z } from 'zod';
import type { Read } from '../cel/code.ts';
import type { ContractDirectory, Tier } from '../contract/contract.ts';
import type { Identity } from '../contract/identity.ts';
import type { Denial } from '../denial/denial.ts';
import { reasons } from '../denial/reasons.ts';
import type { ReasonTable } from '../denial/reasons.ts';
import type { Demand, QuotaTerms, WindowState } from '../quota/store.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import type { NormalPath } from '../request/path.ts';
import type { ClientIssuer } from './client-issuer.ts';
import type { ExpressionFailure } from './expression-failure.ts';
import type { AuthenticatingBy } from './authenticating.ts';
import type { DirectAnswer, Extras } from './extras.ts';
import type { HeaderRead } from './header-read.ts';
import type { NamedFile } from './named-file.ts';
import type { RuleSource } from './rules.ts';
import type { SeenHeaders } from './seen-headers.ts';
import type { UpgradeNote } from './upgrade-note.ts';

/** All that a policy may read about one request, and never changes. Headers that an author names: by `seenHeader`. */
export interface Request extends SeenHeaders {
  /** The API's name. */
  readonly api: string;
  readonly apiLabels: Readonly<Record<string, string>>;
  /** The base path of the API: `/`, or `/a/b` without a slash at its end. */
  readonly basePath: string;
  readonly path: NormalPath;
  /** The client's address: the connection's peer, or as far behind trusted proxies as `--trusted-hops` says. */
  readonly clientAddress: string;
  /** Proxies before Envoy that are trusted (`--trusted-hops`). */
  readonly trustedHops: number;
  /** What earlier policies have established. */
  readonly identity: Identity;
  readonly directory: ContractDirectory;
  /** The API accepts tokens of more than one issuer: a client is accepted only if it names its own issuer. */
  readonly severalIssuers?: boolean;
  /** Monotonic milliseconds after which Envoy no longer listens: work past it is wasted. */
  readonly deadline: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** The caller waits for the answer, and may leave before it. */
  readonly caller?: { readonly signal: AbortSignal } | undefined;
  /** True if an operator asks what would be decided: nothing is counted or taken. */
  readonly isRehearsal?: boolean;
  /** Called with every expression that had no value, so that it is counted. The place of use decides its effect. */
  expressionFailed(failure: ExpressionFailure): void;
}

/** The result of an access policy. A grant or an answer has no `reason`, which distinguishes them from a denial. */
export type Outcome = Denial | Grant | Answered;

/** The request ends here with an answer that is not a denial. */
export interface Answered extends Extras {
  readonly reason?: undefined;
  readonly answer: DirectAnswer;
}

export interface Grant extends Extras {
  readonly reason?: undefined;
  readonly answer?: undefined;
  /** Merged over what earlier policies have established. */
  readonly identity?: Identity;
  /** Headers for the upstream; each name is among the policy's {@link AccessPolicy.identityHeaders}. */
  readonly upstream?: readonly HeaderEntry[];
  /** Request headers that the upstream must not see, such as a token. */
  readonly remove?: readonly string[];
  /** A note for operators on a request that passes: a sentence without a value of the request. */
  readonly remark?: string | undefined;
  /** Windows for the rate headers of an allow, in addition to those of quota policies with `exposeHeaders`. */
  readonly windows?: readonly WindowState[];
}

/** What one policy can establish and another may need: the claims of a verified token, the client application. */
export type Finding = 'claims' | 'client';

/** What a policy needs beside the head of a request: of policies before it, or of Envoy. */
export interface Need {
  /** `body`: the filter's `with_request_body`; `certificate`: its `include_peer_certificate`; `metadata`: a namespace among its `metadata_context_namespaces`. */
  readonly what: Finding | 'body' | 'certificate' | { readonly metadata: string };
  /** The option that needs it. */
  readonly field: string;
}

/** See {@link AuthenticatingBy}. */
export type Authenticating = AuthenticatingBy<Request>;

/** What policies of both phases declare when they are made; all of it is checked against the API at load. */
export interface PolicyTraits {
  /**
   * Every header that it could set for the upstream, in lower case. These are removed from requests to any API of the
   * namespace.
   */
  readonly identityHeaders: readonly string[];
  /** Those headers that name the client. A policy that establishes a client sets all of them, or none. */
  readonly clientHeaders?: readonly string[];
  /** For a policy that learns the client from an issuer: the issuers that it accepts. */
  readonly clientIssuers?: readonly ClientIssuer[];
  /** Set for every policy that denies requests without a credential. */
  readonly authenticates?: Authenticating;
  readonly requires?: readonly Need[];
  /** The options, defaults included, whose expressions select request headers. */
  readonly headerReads?: readonly HeaderRead[];
  /** What the conditions in its options read. Paths begin below `config`. */
  readonly conditions?: readonly { readonly path: readonly PropertyKey[]; readonly reads: readonly Read[] }[];
  /** Faults: options that have no effect at an API that it is bound to. Paths begin below `config`. */
  faultsAt?(api: { readonly name: string; readonly tiers: readonly Tier[] }): readonly PolicyRemark[];
  /** Called once, when no Check can use it any more. */
  close?(): void;
}

/** What establishes who calls, authenticates. */
type Establishing =
  | { readonly provides?: undefined }
  | { readonly provides: readonly Finding[]; readonly authenticates: Authenticating };

/** Decides whether a request may pass. */
export type AccessPolicy = AccessTraits & Establishing;

interface AccessTraits extends PolicyTraits {
  readonly phase: 'access';
  /** It runs before all other policies, the platform's included, whatever `order` says. */
  readonly isFirst?: true;
  decide(request: Request): Outcome | Promise<Outcome>;
}

/**
 * Determines the charge of a request. All quota policies of a request run after every access policy and are decided
 * together in one store call, so that a request that another policy denies is never charged.
 */
export type QuotaPolicy = QuotaTraits & Establishing;

interface QuotaTraits extends PolicyTraits {
  readonly phase: 'quota';
  /** Whether an allow carries the rate headers. */
  readonly exposeHeaders: boolean;
  /** For a charge without terms of its own. */
  readonly onStoreFailure: QuotaTerms['onStoreFailure'];
  /** A denial if the request has no right to a counter (such as no contract); otherwise the charge. */
  demand(request: Request): Denial | Charge;
  /**
   * The demand for an operator's `InspectCounters` and `ResetCounters`; undefined if the subject has no counter here.
   */
  demandFor(subject: CounterSubject, directory: ContractDirectory): Charge | undefined;
}

export interface CounterSubject {
  readonly api: string;
  readonly clientId: string;
  /** What the policy's `keySelector` would select; empty: the bucket of requests without a key. */
  readonly key: string;
}

/** A demand with the policy's own key and slot; the pipeline makes both specific to API and binding. */
export interface Charge extends Extras {
  readonly reason?: undefined;
  /** Below the API and the binding; keys that callers choose are hashed. */
  readonly key: string;
  /** Callers chose the key, so the number of keys has no other bound. */
  readonly isKeyChosen?: boolean;
  readonly limits: Demand['limits'];
  readonly cost: number;
  /** Copied to the demand. */
  readonly terms?: QuotaTerms | undefined;
  /** Whom the policy established on the way (SLA tiers with credentials of their own). */
  readonly identity?: Identity;
  /** As in a grant. */
  readonly upstream?: readonly HeaderEntry[];
  readonly remove?: readonly string[];
}

export type Policy = AccessPolicy | QuotaPolicy;

/**
 * A kind of policy: one file in `policies/` and one line in its registry.
 * `Environment` is what it uses of the process, such as a clock: everything impure enters there.
 */
export interface PolicyKind<Schema extends z.ZodType = z.ZodType, Environment = unknown> {
  /** As `policyRef.name` says it, such as `jwt-validation`. */
  readonly name: string;
  readonly phase: Policy['phase'];
  /** One sentence for the JSON Schema and `docs/`. */
  readonly summary: string;
  /** Strict: an unknown key is an error. Contradictions between keys are refinements, with the path of the field. */
  readonly options: Schema;
  /** The answers for its own reasons, which the file of the kind adds to {@link Reasons}. */
  readonly reasons?: Readonly<Partial<ReasonTable>>;
  /** Options that may hold a secret in plain text. The version of the documents reveals nothing of them. */
  readonly secretFields?: readonly string[];
  /**
   * Paths below `config` of further texts that the log of a control plane may not keep: those of which only their content
   * tells whether they are secret, such as a key that could as well be public. References to variables and Secrets may be
   * among them.
   * @param written as for {@link PolicyKind.upgradeNotes}, and not checked
   */
  secretPlaces?(written: Readonly<Record<string, unknown>>): readonly (readonly PropertyKey[])[];
  /** Names of the options, at any depth, that are conditions in CEL, as `cel` is everywhere: no variable stands in them. */
  readonly conditionFields?: readonly string[];
  /** The files that the options name: {@link create} finds their content in `environment.files`. */
  files?(options: z.infer<Schema>): readonly NamedFile[];
  /** @throws TypeError only where the options contradict their schema */
  create(options: z.infer<Schema>, environment: Environment): Policy;
  /**
   * What an earlier release decided otherwise; silent where the options say which behaviour is wanted.
   * @param written `config` as its author wrote it, without defaults; paths begin below it
   */
  upgradeNotes?(written: Readonly<Record<string, unknown>>, environment: Environment): readonly UpgradeNote[];
  /**
   * What is allowed and may not be what is wanted.
   * @param written as for {@link PolicyKind.upgradeNotes}
   */
  warnings?(written: Readonly<Record<string, unknown>>, environment: Environment): readonly PolicyRemark[];
  /** Faults: rules and conditions under which it can't work. Paths begin at the fields of the policy. */
  ruleFaults?(rules: readonly RuleSource[], conditionReads: readonly Read[]): readonly PolicyRemark[];
}

export interface PolicyRemark {
  /** Begins below `config`, where nothing else is said. */
  readonly path: readonly PropertyKey[];
  /** What follows, and the remedy. */
  readonly message: string;
}

/** Checks the kind's types where it is written, and lets the registry hold kinds of all options. */
export function definePolicy<Schema extends z.ZodType, Environment = unknown>(
  kind: PolicyKind<Schema, Environment>,
): PolicyKind<z.ZodType, Environment> {
  return kind;
}

/** The whole table: the reasons that every decision may have, and those of these kinds. */
export function reasonsOf(kinds: Iterable<Pick<PolicyKind, 'reasons'>>): ReasonTable {
  return Object.assign({}, reasons, ...Array.from(kinds, (kind) => kind.reasons)) as ReasonTable;
}
