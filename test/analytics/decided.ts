import type { JsonObject } from '@bufbuild/protobuf';
import { Accounts } from '../../src/analytics/accounts.ts';
import type { AccountsOptions } from '../../src/analytics/accounts.ts';
import { ENDING, ID_LENGTH } from '../../src/analytics/decision-id.ts';
import { drawEpoch } from '../../src/analytics/tags.ts';
import { systemClock } from '../../src/clock.ts';
import type { Decision } from '../../src/decision/decision.ts';
import type { Check } from '../../src/request/check.ts';

export function openAccounts(options: Partial<AccountsOptions> = {}): Accounts {
  const usual = { clock: systemClock, epoch: drawEpoch(), spanMs: 10_000, isBroken: () => false, settled() {} };
  return new Accounts({ ...usual, ...options });
}

/** A decision that the answer to a Check would tell in these words. */
export function decisionOf(told: JsonObject): Decision {
  const { api = '', policy = '', client_id, client_name = '', contract = '', tier, outcome = 'allow', reason } = told;
  const client = { name: client_name, clientId: client_id, secrets: [] };
  return {
    api,
    policy,
    denial: outcome === 'deny' ? { reason, detail: '' } : undefined,
    answer: outcome === 'answer' ? {} : undefined,
    identity: {
      ...(client_id !== undefined && { client }),
      ...(tier !== undefined && { contract: { name: contract, client, tier: { name: tier } } }),
    },
    steps: [],
    // The other fields are for the answer alone.
  } as unknown as Decision;
}

/** Decides, and gives the id. */
export function decide(accounts: Accounts, told: JsonObject, destination = '', durationMs = 0): string {
  const answer = Buffer.from(ENDING, 'latin1');
  accounts.next(decisionOf(told), { destination } as Check);
  accounts.write(answer, durationMs);
  return answer.toString('latin1', answer.length - ID_LENGTH);
}
