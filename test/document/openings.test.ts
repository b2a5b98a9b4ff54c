import { expect, it } from 'vitest';
import { openingsOf } from '../../src/document/openings.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { policyEnvironment } from '../policies/environment.ts';
import { document, faultsOf, snapshotOf, warningsOf } from './documents.ts';

const changed = { policyKinds, environment: policyEnvironment() };
const clients = (more: object = {}) => ({
  policyRef: { name: 'client-id-enforcement' },
  config: { forwardCredentials: 'id' },
  ...more,
});
const api = (policies: object[], more: object = {}) => document('Api', 'orders', { policies, ...more });

async function openings(policies: object[], more: object = {}): Promise<string | undefined> {
  const { apis } = await snapshotOf({ 'a.json': api(policies, more) }, changed);
  return openingsOf(apis)[0]?.requests;
}

it('tells nothing of an API whose requests all are authenticated', async () => {
  expect(await openings([clients()])).toBeUndefined();
  expect(await openings([clients({ rules: [{ methods: 'GET' }, { not: [{ methods: 'GET' }] }] })])).toBeUndefined();
  expect(
    await openings([{ authentication: { anyOf: [{ policyRef: { name: 'client-id-enforcement' } }] } }]),
  ).toBeUndefined();
});

it('tells of one that none authenticates, and of what is tried in shadow', async () => {
  expect(await openings([])).toBe('all: no policy authenticates');
  expect(await openings([clients({ mode: 'shadow', name: 'tried' })])).toBe(
    'all: no policy authenticates (orders/tried in shadow mode)',
  );
});

it('tells what a policy leaves out', async () => {
  expect(
    await openings([clients({ rules: [{ not: [{ path: '/health' }, { methods: 'OPTIONS', host: 'a' }] }] })]),
  ).toBe('path /health; methods OPTIONS, host a');
  const rules = [{ path: '/v1/.*' }, { methods: 'POST', not: [{ path: '/hook' }] }];
  expect(await openings([clients({ rules }), clients({ name: 'b', when: "request.path == '/b'" })])).toBe(
    "all but those that a policy authenticates: path /v1/.*; methods POST, not (path /hook); when request.path == '/b'",
  );
});

it('tells nothing of what the document says to be public', async () => {
  const exempt = clients({ rules: [{ not: [{ path: '/health' }, { methods: 'OPTIONS' }] }] });
  expect(await openings([], { public: true })).toBeUndefined();
  expect(await openings([exempt], { public: [{ path: '/health' }, { methods: 'OPTIONS' }] })).toBeUndefined();
  expect(await openings([exempt], { public: [{ path: '/health' }] })).toBe(
    'path /health; methods OPTIONS, and public is path /health',
  );
});

it('what is public is no rule: it opens nothing', async () => {
  const { apis } = await snapshotOf({ 'a.json': api([clients()], { public: true }) }, changed);
  expect(apis[0]?.access[0]?.rules).toBeUndefined();
  expect(await warningsOf({ 'a.json': api([clients()], { public: true }) }, changed)).toEqual([
    expect.stringContaining('warning: spec.public: has no effect: a policy authenticates every request of this API'),
  ]);
  expect(await warningsOf({ 'a.json': api([], { public: true }) }, changed)).toEqual([]);
});

it.each([
  [[], 'spec.public: expected at least 1 item'],
  [[{}], 'spec.public[0]: without conditions it is every request: write true'],
  [[{ path: 'x' }], 'spec.public[0].path: "x" matches no path'],
])('refuses %j', async (requests, fault) => {
  expect((await faultsOf({ 'a.json': api([], { public: requests }) }, changed)).join()).toContain(fault);
});
