import type { z } from 'zod';
import type { KeySets } from '../../src/jwt/key-sets.ts';
import { TokenMemory } from '../../src/jwt/token-memory.ts';
import { VerificationGate } from '../../src/jwt/verification-gate.ts';
import type { AccessPolicy } from '../../src/policy/policy.ts';
import jwtValidation from '../../src/policies/jwt-validation.ts';
import { policyEnvironment } from '../policies/environment.ts';

/** What a verifier needs beside its keys and rules, of its own. */
export function bounds(senderConstraint: 'refuse' | 'ignore' = 'refuse') {
  return { refusals: new TokenMemory(100_000), gate: new VerificationGate(), senderConstraint };
}

type Options = z.input<typeof jwtValidation.options>;

/** The policy as its document would configure it. */
export function jwtPolicy(options: Options, keySets: KeySets): AccessPolicy {
  const environment = policyEnvironment({ clock: keySets.clock, keySets });
  const policy = jwtValidation.create(jwtValidation.options.parse(options), environment);
  if (policy.phase !== 'access') throw new TypeError('jwt-validation is an access policy');
  return policy;
}

/** The faults of options, as `field: message`. */
export function faultsOf(options: Options): readonly string[] {
  const issues = jwtValidation.options.safeParse(options).error?.issues ?? [];
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}
