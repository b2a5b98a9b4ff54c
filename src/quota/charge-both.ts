import { settle } from '../settle.ts';
import type { Demand, Taking } from './store.ts';

/** A charge in this process, which can always be undone. */
export interface Hold {
  readonly taking: Taking;
  /** Returns the charged units, once, and only to the windows that were charged: never to one that was opened later. */
  readonly giveBack: () => void;
}

/**
 * Charges the other demands elsewhere: all demands are charged, or none. The local charge is undone if the rest is
 * refused or the store does not answer.
 * @param isHere whether a demand is among those that were charged here
 */
export function chargeBoth(
  demands: readonly Demand[],
  isHere: (demand: Demand) => boolean,
  { taking: here, giveBack }: Hold,
  takeRest: (rest: readonly Demand[]) => Taking | Promise<Taking>,
): Taking | Promise<Taking> {
  const rest = demands.filter((demand) => !isHere(demand));
  if (!here.granted) return merge(demands, isHere, here, { granted: false, windows: rest.map(() => []) });
  const answered = (there: Taking): Taking => {
    if (there.granted) return merge(demands, isHere, here, there);
    giveBack();
    return merge(demands, isHere, withCosts(here, demands.filter(isHere)), there);
  };
  const fail = (error: unknown): never => {
    giveBack();
    throw error;
  };
  try {
    return settle(takeRest(rest), answered, fail);
  } catch (error) {
    return fail(error);
  }
}

/** The state after the charge was undone. */
function withCosts(taking: Taking, demands: readonly Demand[]): Taking {
  const windows = taking.windows.map((states, d) =>
    states.map((state) => ({ ...state, remaining: state.remaining + (demands[d]?.cost ?? 0) })),
  );
  return { ...taking, windows };
}

/** Both answers in the order of the demands. */
export function merge(
  demands: readonly Demand[],
  isHere: (demand: Demand) => boolean,
  here: Taking,
  there: Taking,
): Taking {
  const charged = here.windows.values();
  const rest = there.windows.values();
  const windows = demands.map((demand) => (isHere(demand) ? charged : rest).next().value ?? []);
  return { ...here, ...there, granted: here.granted && there.granted, windows };
}
