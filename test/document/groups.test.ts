import { expect, it } from 'vitest';
import { policyEnvironment } from '../policies/environment.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { document, faultsOf, snapshotOf } from './documents.ts';

const changed = { policyKinds, environment: policyEnvironment() };
const kind = (name: string, config: object = {}, more: object = {}) => ({ policyRef: { name }, config, ...more });
const jwt = (config: object = {}) =>
  kind('jwt-validation', { signingMethod: 'hmac', textKey: 'x'.repeat(32), skipClientIdValidation: true, ...config });
const clients = kind('client-id-enforcement');
const group = (anyOf: object[], more: object = {}) => ({ authentication: { anyOf }, ...more });
const api = (policies: object[]) => document('Api', 'orders', { policies });

/** Without the places. */
async function faultsIn(...documents: object[]): Promise<string[]> {
  const faults = await faultsOf(Object.fromEntries(documents.map((content, at) => [`${at}.json`, content])), changed);
  return faults.map((fault) => fault.replace(/^\d+\.json:\d+:\d+: /, ''));
}

it('names the group and its policies', async () => {
  const snapshot = await snapshotOf(
    { 'a.json': api([group([jwt(), kind('client-id-enforcement', {}, { name: 'partners' })]), group([jwt()])]) },
    changed,
  );
  expect(
    snapshot.apis[0]?.access.map(({ name, alternatives }) => [
      name,
      alternatives?.flatMap(({ policies }) => policies.map((policy) => policy.name)),
    ]),
  ).toEqual([
    ['orders/authentication', ['orders/authentication/jwt-validation', 'orders/authentication/partners']],
    ['orders/authentication-2', ['orders/authentication-2/jwt-validation']],
  ]);
});

it('stands in a binding as in an API', async () => {
  const binding = document('PolicyBinding', 'who', {
    targetRef: { kind: 'Api', name: 'orders' },
    ...group([jwt(), clients], { order: 7 }),
  });
  const snapshot = await snapshotOf({ 'a.json': api([]), 'b.json': binding }, changed);
  expect(snapshot.apis[0]?.access).toMatchObject([{ name: 'who', kind: 'authentication', order: 7 }]);
});

it('a claim that one of the alternatives verifies can be selected', async () => {
  const limits = { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1 }] };
  const quota = kind('rate-limiting', { ...limits, keySelector: '#[vars.claimSet.sub]' });
  expect(await faultsIn(api([group([jwt(), clients]), quota]))).toEqual([]);
  expect(await faultsIn(api([group([clients]), quota]))).toHaveLength(1);
});

it.each([
  [[group([])], 'spec.policies[0].authentication.anyOf: expected at least 1 item'],
  [[{ order: 1 }], 'spec.policies[0].policyRef: is missing: expected a mapping'],
  [
    [{ ...group([jwt()]), policyRef: { name: 'jwt-validation' } }],
    'spec.policies[0].policyRef: contradicts authentication: move it among the alternatives',
  ],
  [[{ ...group([jwt()]), config: { a: 1 } }], 'spec.policies[0].config: belongs to the alternatives of authentication'],
  [
    [group([kind('rate-limiting', { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1 }] })])],
    'spec.policies[0].authentication.anyOf[0].policyRef.name: does not authenticate: put it beside the group, as a policy of its own',
  ],
  [
    [group([kind('rate-limiting-sla')])],
    'spec.policies[0].authentication.anyOf[0].policyRef.name: counts, and runs after all others: put it beside the group',
  ],
  [
    [group([kind('jwt-validatoin')])],
    'spec.policies[0].authentication.anyOf[0].policyRef.name: there is no kind of policy of this name; did you mean "jwt-validation"?',
  ],
  [[group([{ ...jwt(), rules: [{ path: '/a' }] }])], 'spec.policies[0].authentication.anyOf[0].rules: unknown field'],
  [
    [group([{ allOf: [jwt(), jwt({ issuer: '' })] }])],
    'spec.policies[0].authentication.anyOf[0].allOf[1].config.issuer: expected at least 1 character',
  ],
  [
    [group([clients, clients])],
    'spec.policies[0].authentication.anyOf[1].policyRef.name: is never asked: ' +
      'orders/authentication/client-id-enforcement looks at the same credential',
  ],
  [
    [
      group([
        { ...jwt(), name: 'x' },
        { ...clients, name: 'x' },
      ]),
    ],
    'spec.policies[0].authentication.anyOf[1].name: another policy of this group has this name already',
  ],
])('refuses %j', async (policies, fault) => {
  expect(await faultsIn(api(policies))).toEqual([expect.stringContaining(fault)]);
});

it('tells the faults of a group in a document that has others', async () => {
  const faults = await faultsIn(document('Api', 'orders', { colour: 'red', policies: [group([kind('nothing')])] }));
  expect(faults.join()).toContain('anyOf[0].policyRef.name: there is no kind of policy of this name');
});

it('a platform group and the API’s own both decide, the platform’s first', async () => {
  const platform = document(
    'PolicyBinding',
    'everybody',
    { targetRef: { kind: 'Selector', selector: {} }, ...group([clients], { order: 2_000_000 }) },
    { namespace: 'platform' },
  );
  const snapshot = await snapshotOf({ 'a.json': api([group([jwt()], { order: -9 })]), 'b.json': platform }, changed);
  expect(snapshot.apis[0]?.access.map(({ name }) => name)).toEqual(['platform/everybody', 'orders/authentication']);
});
