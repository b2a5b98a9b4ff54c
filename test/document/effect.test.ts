import { expect, it } from 'vitest';
import { policyKinds } from '../../src/policies/index.ts';
import { policyEnvironment } from '../policies/environment.ts';
import { document, faultsOf, snapshotOf } from './documents.ts';

const changed = { policyKinds, environment: policyEnvironment() };
const limits = (maximumRequests: number) => [{ maximumRequests, timePeriodInMilliseconds: 1000 }];
const tier = (name: string, maximumRequests: number) => ({ name, limits: limits(maximumRequests) });
const policy = (kind: string, config: object, more: object = {}) => ({ policyRef: { name: kind }, config, ...more });
const jwt = policy('jwt-validation', { signingMethod: 'hmac', textKey: 'x'.repeat(32), skipClientIdValidation: true });
const rate = (config: object) => policy('rate-limiting', { rateLimits: limits(10), ...config });
const api = (policies: object[], tiers: object[] = []) => document('Api', 'orders', { policies, tiers });

/** By file, as JSON of one line each: the column tells the field. */
async function faultsIn(...documents: object[]): Promise<string[]> {
  return faultsOf(Object.fromEntries(documents.map((content, at) => [`${at}.json`, content])), changed);
}

const NO_CLAIMS =
  'selects a claim, and no enforced jwt-validation protects the API orders: add one, or select something else';

it('a selected claim needs a policy that verifies one', async () => {
  const source = JSON.stringify(api([rate({ cost: '#[vars.claimSet.units]' })]));
  expect(await faultsOf({ '0.json': source }, changed)).toEqual([
    `0.json:1:${source.indexOf('"#[') + 1}: spec.policies[0].config.cost: ${NO_CLAIMS}`,
  ]);
  expect(await faultsIn(api([jwt, rate({ cost: '#[vars.claimSet.units]' })]))).toEqual([]);
  expect(await faultsIn(api([rate({ cost: "#[attributes.headers['x-cost']]" })]))).toEqual([]);
});

it.each([
  [rate({ keySelector: '#[vars.claimSet.sub]' }), 'keySelector'],
  [
    policy('rate-limiting-sla', { clientIdExpression: '#[vars.claimSet.azp]', clientSecretExpression: '' }),
    'clientIdExpression',
  ],
  [
    policy('client-id-enforcement', { clientIdExpression: '#[vars.claimSet.azp]', clientSecretExpression: '' }),
    'clientIdExpression',
  ],
])('a selected claim is looked for in each option of %o', async (reading, field) => {
  expect(await faultsIn(api([reading], [tier('gold', 5)]))).toEqual([
    expect.stringContaining(`spec.policies[0].config.${field}: ${NO_CLAIMS}`),
  ]);
});

it('a shadow policy establishes claims for shadow policies alone', async () => {
  const shadow = { ...jwt, mode: 'shadow' };
  const reading = rate({ keySelector: '#[vars.claimSet.sub]' });
  expect(await faultsIn(api([shadow, reading]))).toHaveLength(1);
  expect(await faultsIn(api([shadow, { ...reading, mode: 'shadow' }]))).toEqual([]);
});

it('a binding is told of each API where it finds no claims', async () => {
  const targetRef = { kind: 'Selector', selector: { labels: {} } };
  const binding = document('PolicyBinding', 'b', { targetRef, ...rate({ keySelector: '#[vars.claimSet.sub]' }) });
  const other = document('Api', 'other', { basePath: '/other', policies: [jwt] });
  expect(await faultsIn(api([]), other, binding)).toEqual([
    expect.stringMatching(/^2\.json:1:\d+: spec\.config\.keySelector: .* the API orders:/),
  ]);
});

it('a policy that is faulty itself is no reason to miss its claims', async () => {
  const faulty = policy('jwt-validation', { signingMethod: 'hmca' });
  const faults = await faultsIn(api([faulty, rate({ keySelector: '#[vars.claimSet.sub]' })]));
  expect(faults.join()).not.toContain('selects a claim');
});

it('a cost that no contract can pay is refused, and one that some can is not', async () => {
  const sla = policy('rate-limiting-sla', { cost: 6 });
  expect(await faultsIn(api([sla], [tier('small', 5), tier('large', 6)]))).toEqual([]);
  expect(await faultsIn(api([sla], [tier('small', 5), tier('smaller', 4)]))).toEqual([
    expect.stringContaining(
      'spec.policies[0].config.cost: is above a limit of every tier of the API orders: no request could ever pass',
    ),
  ]);
});

it('own policies are named by their kinds, or by a name of their own that no place changes', async () => {
  const names = async (...policies: object[]) =>
    (await snapshotOf({ '0.json': api(policies) }, changed)).apis[0]?.quota;
  const named = { name: 'burst', ...rate({}) };
  expect((await names(rate({}), named, rate({})))?.map(({ name }) => name)).toEqual([
    'orders/rate-limiting',
    'orders/burst',
    'orders/rate-limiting-2',
  ]);
  expect((await names(named, rate({})))?.map(({ name }) => name)).toEqual(['orders/burst', 'orders/rate-limiting']);
});

it("a name is one policy's alone, also where the other one is named by its kind", async () => {
  const taken = (index: number, by: number) =>
    expect.stringMatching(
      new RegExp(
        `^0\\.json:1:\\d+: spec\\.policies\\[${index}\\]\\.name: the policy ${by} of this API has this name already`,
      ),
    ) as string;
  const named = (name: string) => ({ name, ...rate({}) });
  expect(await faultsIn(api([named('a'), named('b'), named('a')]))).toEqual([taken(2, 1)]);
  expect(await faultsIn(api([named('rate-limiting'), rate({})]))).toEqual([taken(0, 2)]);
  expect(await faultsIn(api([rate({}), rate({}), named('rate-limiting-2')]))).toEqual([taken(2, 2)]);
  expect(await faultsIn(api([named('x:y')]))).toEqual([
    expect.stringContaining('spec.policies[0].name: expected a name'),
  ]);
});
