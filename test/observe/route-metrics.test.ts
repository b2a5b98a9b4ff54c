import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createRouteMetrics } from '../../src/observe/route-metrics.ts';
import type { Check } from '../../src/request/check.ts';
import { scraperOf } from './scrape.ts';

const checkOf = (extensions: Readonly<Record<string, string>>): Check =>
  ({ contextExtension: (name: string) => extensions[name] }) as unknown as Check;

const ROUTES = 'shop.orders.0,shop.users.0,';
const named = (route: string) => checkOf({ 'ostiary.routes': ROUTES, 'ostiary.route': route });
const unnamed = checkOf({ 'ostiary.routes': ROUTES });

test('Checks are counted by the name of their route, and a name that was never seen stays at 0', async () => {
  const registry = new Registry();
  const { line } = scraperOf(registry);
  const metrics = createRouteMetrics(registry);
  for (const _ of [1, 2]) expect(metrics.decided(named('shop.orders.0'))).toBeUndefined();
  expect(await line('ostiary_route_checks_total{route="shop.orders.0"}')).toBe(2);
  expect(await line('ostiary_route_checks_total{route="shop.users.0"}')).toBe(0);
});

test('a route without a name makes it tell of those never seen, at first and when all had time to be asked', () => {
  const metrics = createRouteMetrics(new Registry());
  expect(metrics.decided(unnamed)).toEqual(['shop.orders.0', 'shop.users.0']);
  metrics.decided(named('shop.orders.0'));
  for (let i = 2; i < 1000; i++) expect(metrics.decided(unnamed)).toBeUndefined();
  expect(metrics.decided(unnamed)).toEqual(['shop.users.0']);
  expect(metrics.decided(unnamed)).toBeUndefined();
});

test('where all were seen, and where no route is named, nothing is told', () => {
  const metrics = createRouteMetrics(new Registry());
  expect(metrics.decided(checkOf({}))).toBeUndefined();
  metrics.decided(named('shop.orders.0'));
  metrics.decided(named('shop.users.0'));
  expect(metrics.decided(unnamed)).toBeUndefined();
});
