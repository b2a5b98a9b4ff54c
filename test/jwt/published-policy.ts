import type { AccessPolicy, Outcome } from '../../src/policy/policy.ts';
import { jwtPolicy } from './policy.ts';
import { bearer } from './request.ts';
import type { WatchedKeySets } from './watched-key-sets.ts';

/** A policy that takes ES256 by key sets at these URLs, and asks no more of a token. */
export function publishedPolicy({ sets }: WatchedKeySets, urls: readonly string[]): AccessPolicy {
  return jwtPolicy(
    {
      jwtKeyOrigin: 'jwks',
      jwksUrl: [...urls],
      algorithms: ['ES256'],
      mandatoryExpClaim: false,
      skipClientIdValidation: true,
    },
    sets,
  );
}

export async function decide(policy: AccessPolicy, token: string, deadline = Infinity): Promise<Outcome> {
  return policy.decide(bearer(token, { deadline }));
}

export const refusedFor = (outcome: unknown): unknown => (outcome as { reason?: string }).reason;
