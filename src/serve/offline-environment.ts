import { systemClock, systemTimers } from '../clock.ts';
import type { BroughtKeys } from '../contract/api-key.ts';
import { createEgress } from '../egress/egress.ts';
import type { EgressRules } from '../egress/rules.ts';
import type { EgressTransport } from '../egress/transport.ts';
import { inquiryDesk } from '../inquiry/open-inquiries.ts';
import { createKeySets } from '../jwt/key-sets.ts';
import { openPasswordChecks } from '../password/open.ts';
import type { PolicyEnvironment } from '../policies/environment.ts';

/** How what documents name by URL is called. */
export interface Outwards {
  readonly transport: EgressTransport;
  readonly rules: EgressRules;
}

/** For those who only look at documents: only `serve` fetches key sets. */
export const fetchesNothing: EgressTransport = () => Promise.reject(new Error('nothing is fetched here'));

export interface OfflineEnvironment {
  readonly environment: PolicyEnvironment;
  readonly close: () => void;
}

/** What policies need in order to be made, where no Check will come. */
export function offlineEnvironment(
  { transport, rules }: Outwards,
  randomBytes: (count: number) => Buffer,
  broughtKeys?: BroughtKeys,
): OfflineEnvironment {
  const keySets = createKeySets({ fetch: transport, clock: systemClock, timers: systemTimers, random: Math.random });
  const passwords = openPasswordChecks(systemClock);
  return {
    environment: {
      clock: systemClock,
      keySets,
      egress: createEgress({ transport, timers: systemTimers, rules }),
      inquire: inquiryDesk({
        clock: systemClock,
        timers: systemTimers,
        random: Math.random,
        key: randomBytes(32),
        good: keySets.tokens,
        bad: keySets.refusals,
      }),
      broughtKeys,
      passwords,
    },
    close() {
      keySets.close();
      passwords.close();
    },
  };
}
