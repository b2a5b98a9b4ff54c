import type { Identity } from '../contract/identity.ts';
import type { Denial } from '../denial/denial.ts';
import type { Charge, QuotaPolicy } from '../policy/policy.ts';
import { StoreUnavailable } from '../quota/store.ts';
import type { Demand, Taking } from '../quota/store.ts';
import { settle } from '../settle.ts';
import type { Api, Bound } from '../snapshot/snapshot.ts';
import { counterNames } from './counter-name.ts';
import { adoptExtras, adoptHeaders } from './adopted-headers.ts';
import { adoptIdentity, applies, fail, note, requestFor } from './deliberation.ts';
import type { Deliberation } from './deliberation.ts';
import { withinShadowTime } from './shadow-time.ts';

/** The outcome of all enforced quota policies together. */
export interface Charged {
  readonly denial: Denial | undefined;
  /** The policy that denied; empty if none did. */
  readonly policy: string;
}

interface Due {
  readonly bound: Bound<QuotaPolicy>;
  readonly demand: Demand;
  /** The identity that the policy has established. */
  readonly identity: Identity | undefined;
  readonly startedAt: number;
}

const NOTHING_DUE: Charged = { denial: undefined, policy: '' };

/** Charges every enforced quota policy in one store call: all windows, or none. */
export function chargeEnforced(deliberation: Deliberation): Charged | Promise<Charged> {
  const due: Due[] = [];
  for (const bound of deliberation.located.api?.quota ?? []) {
    if (bound.mode !== 'enforce') continue;
    const found = dueOf(deliberation, bound);
    if (found === undefined) continue;
    if ('reason' in found) return { denial: found, policy: bound.name };
    due.push(found);
  }
  if (due.length === 0) return NOTHING_DUE;
  const failed = (error: unknown): Charged => settleStoreFailure(deliberation, due, error);
  try {
    const demands = due.map(({ demand }) => demand);
    return settle(takeOnce(deliberation, demands), (taking) => settleTaking(deliberation, due, taking), failed);
  } catch (error) {
    return failed(error);
  }
}

/** A Check that Envoy has sent again is not charged again. */
function takeOnce(
  { ports, check, deadline, notedAt }: Deliberation,
  demands: readonly Demand[],
): Taking | Promise<Taking> {
  const { repetitions, take } = ports;
  return repetitions === undefined
    ? take(demands, deadline)
    : repetitions.take(check, demands, deadline, notedAt, take);
}

/** Counts shadow quota policies, each on counters of its own. Undefined: all are done. */
export function chargeShadows(deliberation: Deliberation): Promise<unknown> | undefined {
  const pending: Promise<unknown>[] = [];
  for (const bound of deliberation.located.api?.quota ?? []) {
    if (bound.mode !== 'shadow') continue;
    if (deliberation.shadowDenied) {
      note(deliberation, bound, 'not_reached', deliberation.ports.clock.monotonic());
      continue;
    }
    const found = dueOf(deliberation, bound);
    if (found === undefined || 'reason' in found) continue;
    const counted = countShadow(deliberation, [found]);
    if (counted instanceof Promise) pending.push(counted);
  }
  return pending.length === 0 ? undefined : Promise.all(pending);
}

const storeTooLate = (): Error => new StoreUnavailable('it did not answer in the time that shadow policies have');

function countShadow(deliberation: Deliberation, due: readonly [Due]): Charged | Promise<Charged> {
  const failed = (error: unknown): Charged => settleStoreFailure(deliberation, due, error);
  try {
    const taking = withinShadowTime(deliberation, takeOnce(deliberation, [due[0].demand]), storeTooLate);
    return settle(taking, (taken) => settleTaking(deliberation, due, taken), failed);
  } catch (error) {
    return failed(error);
  }
}

/** The charge of one quota policy; a denial; or undefined if the policy charges nothing for this request. */
function dueOf(deliberation: Deliberation, bound: Bound<QuotaPolicy>): Due | Denial | undefined {
  const startedAt = deliberation.notedAt;
  try {
    if (!applies(deliberation, bound)) {
      note(deliberation, bound, 'not_applicable', startedAt);
      return undefined;
    }
    const charge = bound.policy.demand(requestFor(deliberation, bound));
    if (charge.reason !== undefined) {
      note(deliberation, bound, 'deny', startedAt, { denial: charge });
      return charge;
    }
    adoptIdentity(deliberation, bound, charge.identity);
    adoptHeaders(deliberation, bound, charge);
    adoptExtras(deliberation, bound, charge);
    const demand = demandOf(deliberation.located.api as Api, bound, charge);
    return unlessSettled(deliberation, { bound, demand, identity: charge.identity, startedAt });
  } catch (error) {
    return fail(deliberation, bound, error, startedAt);
  }
}

/** What needs no store is settled here: what has no limit, and a limit that nothing fits. */
function unlessSettled(deliberation: Deliberation, due: Due): Due | Denial | undefined {
  const { bound, demand, identity, startedAt } = due;
  const { limits, cost } = demand;
  if (limits.length === 0) {
    note(deliberation, bound, 'allow', startedAt, { identity, cost });
    return undefined;
  }
  if (!limits.some(({ maximumRequests }) => maximumRequests === 0)) return due;
  const windows = limits.map((limit) => ({ limit, remaining: 0, resetMs: limit.timePeriodInMilliseconds }));
  const denial: Denial = { reason: 'cost_above_limit', detail: describeNever(bound.name, demand), windows, cost };
  note(deliberation, bound, 'deny', startedAt, { denial, identity, windows, cost });
  return denial;
}

/** A charge in the form that the store uses. */
export function demandOf(api: Api, bound: Bound<QuotaPolicy>, charge: Charge): Demand {
  const { limits, cost, terms, isKeyChosen } = charge;
  const names = counterNames(api, bound);
  const { slot, key } = names.of(charge.key);
  return { slot, key, limits, cost, terms, keyspace: isKeyChosen === true ? names.keyspace : undefined };
}

const NO_WAIT = -1;

function settleTaking(deliberation: Deliberation, due: readonly Due[], taking: Taking): Charged {
  if (taking.granted) {
    for (let i = 0; i < due.length; i++) {
      const { bound, demand, identity, startedAt } = due[i] as Due;
      const windows = taking.windows[i] ?? [];
      if (bound.mode === 'enforce' && bound.policy.exposeHeaders) deliberation.exposed.push(...windows);
      note(deliberation, bound, 'allow', startedAt, { identity, windows, cost: demand.cost });
    }
    return NOTHING_DUE;
  }
  const waits = due.map(({ demand }, i) => waitMs(taking.windows[i] ?? [], demand.cost));
  const never = due.map(({ demand }) => demand.limits.some(({ maximumRequests }) => demand.cost > maximumRequests));
  // Of several refusing policies, the answer is that of the one that refuses longest: before that, no retry can
  // succeed. If the store refuses although no window is short, the first policy gives the answer.
  const refusing = never.includes(true) ? never.indexOf(true) : waits.indexOf(Math.max(...waits));
  let denied = NOTHING_DUE;
  due.forEach(({ bound, demand, identity, startedAt }, i) => {
    const windows = taking.windows[i] ?? [];
    const known = { identity, windows, cost: demand.cost };
    if (i !== refusing && waits[i] === NO_WAIT && never[i] !== true) {
      note(deliberation, bound, 'not_reached', startedAt, known);
      return;
    }
    const { cost } = demand;
    const denial: Denial =
      never[i] === true
        ? { reason: 'cost_above_limit', detail: describeNever(bound.name, demand), windows, cost }
        : { reason: 'quota_spent', detail: describeSpent(bound.name, windows, cost), windows, cost };
    note(deliberation, bound, 'deny', startedAt, { ...known, denial });
    if (i === refusing) denied = { denial, policy: bound.name };
  });
  return denied;
}

/** Milliseconds until all windows with fewer units than the cost have ended. */
function waitMs(windows: Taking['windows'][number], cost: number): number {
  let longest = NO_WAIT;
  for (const { remaining, resetMs } of windows) if (remaining < cost) longest = Math.max(longest, resetMs);
  return longest;
}

function describeNever(policy: string, { limits, cost }: Demand): string {
  const below = limits.filter(({ maximumRequests }) => cost > maximumRequests);
  const what = below.map((limit) => `${limit.maximumRequests} in ${limit.timePeriodInMilliseconds} ms`).join(' and ');
  return `a cost of ${cost} is above the limit of ${policy}, ${what}: such a request never passes`;
}

function describeSpent(policy: string, windows: Taking['windows'][number], cost: number): string {
  const short = windows
    .filter(({ remaining }) => remaining < cost)
    .map(
      ({ limit, remaining }) => `${remaining} left of ${limit.maximumRequests} in ${limit.timePeriodInMilliseconds} ms`,
    )
    .join(' and ');
  return `the quota of ${policy} is spent: ${cost} asked for, ${short}`;
}

/** The store does not answer: each policy's `onStoreFailure` decides, and one that denies is enough. */
function settleStoreFailure(deliberation: Deliberation, due: readonly Due[], error: unknown): Charged {
  let denied = NOTHING_DUE;
  const why = error instanceof StoreUnavailable ? error.message : 'it failed unexpectedly';
  for (const { bound, demand, identity, startedAt } of due) {
    deliberation.ports.failed(bound.name, error);
    const denial: Denial = {
      reason: 'store_unavailable',
      detail: `the counter store can't tell: ${why}`,
      retryAfterSeconds: 1,
    };
    note(deliberation, bound, 'failed', startedAt, { identity, denial, cost: demand.cost });
    // A store that can use a local share does not throw.
    const allows = (demand.terms ?? bound.policy).onStoreFailure === 'allow';
    if (!allows && denied.denial === undefined) denied = { denial, policy: bound.name };
  }
  return denied;
}
