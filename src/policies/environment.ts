import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { KeySets } from '../jwt/key-sets.ts';
import type { PolicyKind } from '../policy/policy.ts';

/** What policies may use of the process. A kind names what it needs of it. */
export interface PolicyEnvironment {
  readonly clock: Clock;
  /** Key sets by URL, shared by all policies and kept across reloads. */
  readonly keySets: KeySets;
}

/** A kind that this environment is enough for. */
export type RegisteredKind = PolicyKind<z.ZodType, PolicyEnvironment>;
