import { expect, it } from 'vitest';
import { policyKinds } from '../../src/policies/index.ts';
import { policyEnvironment } from '../policies/environment.ts';
import { document, faultsOf, warningsOf } from './documents.ts';

const changed = { policyKinds, environment: policyEnvironment() };
const kind = (name: string, config: object, more: object = {}) => ({ policyRef: { name }, config, ...more });
const jwt = (more: object = {}) =>
  kind(
    'jwt-validation',
    { signingMethod: 'hmac', textKey: 'x'.repeat(32), skipClientIdValidation: true, senderConstraint: 'refuse' },
    more,
  );
const clients = (more: object = {}) => kind('client-id-enforcement', { forwardCredentials: 'id' }, more);
const api = (policies: object[]) => document('Api', 'orders', { policies });
const onHeader = (name: string) => ({ rules: [{ headers: { [name]: '.*' } }] });

/** Without the places. */
async function faultsIn(...documents: object[]): Promise<string[]> {
  const faults = await faultsOf(Object.fromEntries(documents.map((content, at) => [`${at}.json`, content])), changed);
  return faults.map((fault) => fault.replace(/^\d+\.json:\d+:\d+: /, ''));
}

const message = (header: string) =>
  `looks at the header ${header}, which callers choose: some requests could pass the API orders so that no policy authenticates them. ` +
  'Let callers choose between credentials by authentication: {anyOf: […]}, add a policy for the other requests, ' +
  'or name the header in trustedHeaders if a trusted proxy sets it';

it('two policies with a rule each on the header of their credential are refused: a request with neither would pass', async () => {
  const documents = [api([jwt(onHeader('authorization')), clients(onHeader('client_id'))])] as const;
  expect(await faultsIn(...documents)).toEqual([
    `spec.policies[0].rules[0]: ${message('authorization')}`,
    `spec.policies[1].rules[0]: ${message('client_id')}`,
  ]);
  expect(await warningsOf({ '0.json': documents[0] }, changed)).toEqual([
    expect.stringMatching(/upgrade: spec\.policies\[0\]\.rules\[0\]: .*`header-rules` in docs\/upgrade\.md/),
    expect.stringMatching(/upgrade: spec\.policies\[1\]\.rules\[0\]: .*`header-rules` in docs\/upgrade\.md/),
  ]);
});

it('the remedies that the fault names are taken', async () => {
  expect(
    await faultsIn(
      api([{ authentication: { anyOf: [jwt(), clients()].map(({ policyRef, config }) => ({ policyRef, config })) } }]),
    ),
  ).toEqual([]);
  expect(
    await faultsIn(api([jwt(onHeader('authorization')), clients({ rules: [{ absentHeaders: ['authorization'] }] })])),
  ).toEqual([]);
  expect(await faultsIn(api([jwt({ ...onHeader('x-zone'), trustedHeaders: ['X-Zone'] })]))).toEqual([]);
});

it('the rule of a group is looked at like that of a policy', async () => {
  const { policyRef, config } = clients();
  const group = { authentication: { anyOf: [{ policyRef, config }] }, ...onHeader('x-partner') };
  expect(await faultsIn(api([group]))).toEqual([`spec.policies[0].rules[0]: ${message('x-partner')}`]);
});

it('a tier authenticates too, and so does a policy of the platform', async () => {
  const tiered = kind('rate-limiting-sla', { forwardCredentials: 'id' });
  expect(await faultsIn(api([jwt(onHeader('authorization')), tiered]))).toEqual([]);
  const targetRef = { kind: 'Selector', selector: {} };
  const platform = document('PolicyBinding', 'all', { targetRef, ...clients() }, { namespace: 'platform' });
  expect(await faultsIn(api([jwt(onHeader('authorization'))]), platform)).toEqual([]);
});

it('a binding is told of the API that it leaves open', async () => {
  const binding = document('PolicyBinding', 'b', { targetRef: { kind: 'Api', name: 'orders' }, ...jwt(onHeader('x')) });
  expect(await faultsIn(api([]), binding)).toEqual([`spec.rules[0]: ${message('x')}`]);
});

it('what counts or adds headers may depend on any header', async () => {
  const rates = kind(
    'rate-limiting',
    { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1 }] },
    onHeader('x'),
  );
  expect(await faultsIn(api([rates]))).toEqual([]);
});

it('a trusted header that no rule looks at is a misspelling', async () => {
  expect(await faultsIn(api([jwt({ ...onHeader('x-zone'), trustedHeaders: ['x-zoen'] })]))).toContain(
    'spec.policies[0].trustedHeaders[0]: neither rules nor when look at this header',
  );
});

it.each([
  [{ not: [] }, 'rules[0].not: expected at least 1 item'],
  [{ not: [{}] }, 'rules[0].not[0]: without conditions it exempts every request'],
  [{ not: [{ path: 'x' }] }, 'rules[0].not[0].path: "x" matches no path'],
  [{ not: [{ not: [{ path: '/x' }] }] }, 'rules[0].not[0].not: unknown field'],
  [{ absentHeaders: ['a b'] }, 'rules[0].absentHeaders[0]: expected the name of a header'],
  [{}, 'rules[0]: a rule without conditions matches every request'],
])('refuses the rule %j', async (rule, fault) => {
  expect((await faultsIn(api([jwt({ rules: [rule] })]))).join()).toContain(`spec.policies[0].${fault}`);
});
