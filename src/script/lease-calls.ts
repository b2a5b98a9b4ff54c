import type { Moment } from '../clock.ts';
import type { Demand } from '../quota/store.ts';
import { windowNames } from '../quota/window.ts';
import { CHARGE_DEBT, GIVE_BACK } from './lease-scripts.ts';
import { keyOf, keyspacesOf, spanOf } from './script-call.ts';
import type { Debit, KeyPrefix, ScriptCall } from './script-call.ts';

/**
 * Gives unspent units back to the windows they are debited from.
 * @param limitsChanged others may refuse by other limits than these
 */
export function giveBackCall(
  prefix: KeyPrefix,
  demands: readonly Demand[],
  remainder: Debit,
  limitsChanged = false,
): ScriptCall {
  const args: (string | number)[] = [remainder.units];
  demands.forEach(({ limits }, d) => {
    args.push(remainder.epochs[d] ?? 0, limits.length);
    windowNames(limits).forEach((name, i) => {
      const maximum = limitsChanged ? 0 : (limits[i]?.maximumRequests ?? 0);
      args.push(`u${name}`, `e${name}`, remainder.windows[d]?.[i]?.endUs ?? 0, maximum);
    });
  });
  return { script: GIVE_BACK, keys: demands.map((demand) => keyOf(prefix, demand)), args };
}

/** Units admitted without the store, to be charged to the windows that are open when it is back. */
export interface Debt {
  /** Known to no other debt: charged once, however often it is sent. */
  readonly name: string;
  readonly demands: readonly Demand[];
  /** One list a demand, one entry a limit. */
  readonly windows: readonly (readonly OwedWindow[])[];
}

export interface OwedWindow {
  readonly units: number;
  /** Monotonic milliseconds. */
  readonly endMono: number;
}

/** Windows that have ended owe nothing any more. Those of the calendar end where Redis's clock finds their boundary. */
export function chargeDebtCall(
  prefix: KeyPrefix,
  { name, demands, windows }: Debt,
  { mono, wall }: Moment,
): ScriptCall {
  const args: (string | number)[] = [name];
  demands.forEach(({ limits }, d) => {
    args.push(limits.length);
    windowNames(limits).forEach((window, i) => {
      const { units = 0, endMono = 0 } = windows[d]?.[i] ?? {};
      const leftUs = Math.max(0, Math.ceil((endMono - mono) * 1000));
      const limit = limits[i];
      const span = leftUs > 0 && limit?.calendar !== undefined ? spanOf(limit, wall) : leftUs;
      args.push(`u${window}`, `e${window}`, units, span);
    });
  });
  const keys = demands.map((demand) => keyOf(prefix, demand));
  return { script: CHARGE_DEBT, keys, args, keyspaces: keyspacesOf(demands) };
}
