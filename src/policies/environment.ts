import type { z } from 'zod';
import type { Clock, Timers } from '../clock.ts';
import type { BroughtKeys } from '../contract/api-key.ts';
import type { Egress } from '../egress/egress.ts';
import type { OpenInquiries } from '../inquiry/open-inquiries.ts';
import type { KeySets } from '../jwt/key-sets.ts';
import type { PasswordChecks } from '../password/password-checks.ts';
import type { NamedFiles } from '../policy/named-file.ts';
import type { PolicyKind } from '../policy/policy.ts';

/** What policies may use of the process. A kind names the capabilities that it needs. */
export interface PolicyEnvironment {
  readonly clock: Clock;
  /** Absent: the process's own. */
  readonly timers?: Timers | undefined;
  /** Key sets by URL, shared by all policies and kept across reloads. */
  readonly keySets: KeySets;
  /** Absent where there is no `--api-key-hmac-file`: API keys of another form than ostiary's are unknown then. */
  readonly broughtKeys?: BroughtKeys | undefined;
  /** The one client for everything that documents name by URL. */
  readonly egress: Egress;
  /** Holds passwords against slow hashes, off the thread that decides. */
  readonly passwords: PasswordChecks;
  /** Questions to others about credentials, asked once and remembered by a digest under a key of this process. */
  readonly inquire: OpenInquiries;
}

/** What a policy is made with: the process, and what its document brings along. */
export interface PolicySurroundings extends PolicyEnvironment {
  /** The files that the options name (`PolicyKind.files`). */
  readonly files: NamedFiles;
}

/** A kind whose needs this environment meets. */
export type RegisteredKind = PolicyKind<z.ZodType, PolicySurroundings>;
