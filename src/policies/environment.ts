import type { z } from 'zod';
import type { Clock, Timers } from '../clock.ts';
import type { BroughtKeys } from '../contract/api-key.ts';
import type { Egress } from '../egress/egress.ts';
import type { OpenInquiries } from '../inquiry/open-inquiries.ts';
import type { KeySets } from '../jwt/key-sets.ts';
import type { PasswordChecks } from '../password/password-checks.ts';
import type { NamedFiles } from '../policy/named-file.ts';
import type { PolicyKind } from '../policy/policy.ts';

/** What the process offers to policies. A kind names the capabilities that it needs. */
export interface PolicyEnvironment {
  readonly clock: Clock;
  /** Absent: the timers of the process. */
  readonly timers?: Timers | undefined;
  /** Key sets by URL, shared by all policies and kept across reloads. */
  readonly keySets: KeySets;
  /** Absent without `--api-key-hmac-file`: then API keys of another form than ostiary's are unknown. */
  readonly broughtKeys?: BroughtKeys | undefined;
  /** The one client for everything that documents name by URL. */
  readonly egress: Egress;
  /** Checks passwords against slow hashes, on a thread of their own. */
  readonly passwords: PasswordChecks;
  /** Asks other servers about credentials. Each is asked about once, and the answer is cached under a keyed digest. */
  readonly inquire: OpenInquiries;
}

/** What a policy is created with: the environment, and the files of its document. */
export interface PolicySurroundings extends PolicyEnvironment {
  /** The files that the options name (`PolicyKind.files`). */
  readonly files: NamedFiles;
}

/** A kind whose needs this environment meets. */
export type RegisteredKind = PolicyKind<z.ZodType, PolicySurroundings>;
