import type { Registry } from 'prom-client';
import type { Check } from '../request/check.ts';
import { CounterFamily } from './counter-family.ts';
import type { CounterSeries } from './counter-family.ts';

/** Called for every Check. It reads the route's configuration, which no client can set. */
export interface RouteMetrics {
  /**
   * If this Check came by a route without a name while expected routes were never seen: the names of those. Returned at
   * the first such Check, and at the thousandth, when all existing routes should have been used.
   */
  decided(check: Check): readonly string[] | undefined;
}

/** What every Check of a generated configuration tells: the names that its routes should have, by comma. */
const EXPECTED = 'ostiary.routes';
/** What the Checks of one route tell: its name. */
const ROUTE = 'ostiary.route';

const TELL_AT: ReadonlySet<number> = new Set([1, 1000]);
/** Proxies with configurations of their own; an operator writes them. */
const MAX_LISTS = 100;
const MAX_NAMES = 500;

interface Expected {
  readonly names: ReadonlyMap<string, CounterSeries>;
  unnamed: number;
}

/** Istio silently ignores a route name that it does not know, so names that were never seen are reported. */
export function createRouteMetrics(registry: Registry): RouteMetrics {
  const family = new CounterFamily({
    registry,
    name: 'ostiary_route_checks_total',
    help: 'Checks by the routes that a configuration of Envoy names; 0 for names that no Check came by.',
    labels: ['route'],
    maxSeries: MAX_NAMES,
  });
  const lists = new Map<string, Expected>();

  function open(list: string): Expected | undefined {
    if (lists.size >= MAX_LISTS) return undefined;
    const names = list.split(',').filter((name) => name !== '');
    const expected = { names: new Map(names.map((name) => [name, family.series(name)])), unnamed: 0 };
    lists.set(list, expected);
    return expected;
  }

  return {
    decided(check) {
      const list = check.contextExtension(EXPECTED);
      if (list === undefined) return undefined;
      const expected = lists.get(list) ?? open(list);
      if (expected === undefined) return undefined;
      const name = check.contextExtension(ROUTE);
      const series = name === undefined ? undefined : expected.names.get(name);
      if (series !== undefined) {
        series.value += 1;
        return undefined;
      }
      if (!TELL_AT.has(++expected.unnamed)) return undefined;
      const never = [...expected.names].filter(([, { value }]) => value === 0).map(([each]) => each);
      return never.length === 0 ? undefined : never;
    },
  };
}
