import { randomBytes } from 'node:crypto';
import type { Clock, Timers } from '../clock.ts';
import { createEgress } from '../egress/egress.ts';
import { egressRules } from '../egress/rules.ts';
import { inquiryDesk } from '../inquiry/open-inquiries.ts';
import { createKeySets } from '../jwt/key-sets.ts';
import { openPasswordChecks } from '../password/open.ts';
import { policyKinds } from '../policies/index.ts';
import type { CheckingPorts } from './checking.ts';

/** What documents are checked with. Nothing is fetched: a sidecar does that. */
export function checkingPorts(
  clock: Clock,
  timers: Timers,
): { readonly ports: Omit<CheckingPorts, 'resources' | 'vault'>; close(): void } {
  const fetch = (): Promise<never> => Promise.reject(new Error('a control plane fetches nothing'));
  const random = Math.random;
  const keySets = createKeySets({ fetch, clock, timers, random });
  const passwords = openPasswordChecks(clock);
  const { tokens: good, refusals: bad } = keySets;
  return {
    ports: {
      policyKinds,
      clock,
      environment: {
        clock,
        keySets,
        egress: createEgress({ transport: fetch, timers, rules: egressRules([]) }),
        inquire: inquiryDesk({ clock, timers, random, key: randomBytes(32), good, bad }),
        broughtKeys: undefined,
        passwords,
      },
    },
    close() {
      keySets.close();
      passwords.close();
    },
  };
}
