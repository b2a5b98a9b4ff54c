import { systemClock, systemTimers } from '../../src/clock.ts';
import { createEgress } from '../../src/egress/egress.ts';
import { egressRules } from '../../src/egress/rules.ts';
import type { EgressTransport } from '../../src/egress/transport.ts';
import { inquiryDesk } from '../../src/inquiry/open-inquiries.ts';
import { createKeySets } from '../../src/jwt/key-sets.ts';
import { openPasswordChecks } from '../../src/password/open.ts';
import type { PolicyEnvironment } from '../../src/policies/environment.ts';

/** A network that nothing answers in. */
export const noNetwork: EgressTransport = () => Promise.reject(new Error('no network here'));

/** What policies are made in where a test says nothing else: the system's clock, and no network. */
export function policyEnvironment(given: Partial<PolicyEnvironment> = {}): PolicyEnvironment {
  const keySets = createKeySets({ fetch: noNetwork, clock: systemClock, timers: systemTimers, random: Math.random });
  return {
    clock: systemClock,
    keySets,
    inquire: inquiryDesk({
      clock: systemClock,
      timers: systemTimers,
      random: Math.random,
      key: Buffer.alloc(32, 7),
      good: keySets.tokens,
      bad: keySets.refusals,
    }),
    egress: createEgress({ transport: noNetwork, timers: systemTimers, rules: egressRules([]) }),
    passwords: openPasswordChecks(systemClock),
    ...given,
  };
}
