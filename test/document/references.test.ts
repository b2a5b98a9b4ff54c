import { expect, it } from 'vitest';
import { document, faultsOf } from './documents.ts';

const TIERS = [
  { name: 'gold', limits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1 }] },
  { name: 'old', deprecated: true, limits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1 }] },
];
const orders = document('Api', 'orders', { tiers: TIERS }, { labels: { team: 'shop' } });
const shop = document('ClientApplication', 'shop', { clientId: 'shop' });
const contract = (name: string, spec: object) =>
  document('Contract', name, { clientApplication: 'shop', api: 'orders', tier: 'gold', status: 'approved', ...spec });
const binding = (targetRef: object) => document('PolicyBinding', 'b', { targetRef, policyRef: { name: 'gate' } });

/** Faults without their places. */
async function messagesOf(...documents: object[]): Promise<string[]> {
  const faults = await faultsOf(Object.fromEntries(documents.map((content, at) => [`${at}.json`, content])));
  return faults.map((fault) => fault.replace(/^(\d\.json):\d+:\d+: /, '$1: '));
}

it('a contract names what there is', async () => {
  const nobody = contract('a', { clientApplication: 'shpo', api: 'order', tier: 'x' });
  expect(await messagesOf(orders, shop, nobody)).toEqual([
    '2.json: spec.clientApplication: there is no ClientApplication of this name; did you mean "shop"?',
    '2.json: spec.api: there is no Api of this name; did you mean "orders"?',
  ]);
  expect(await messagesOf(orders, shop, contract('a', { tier: 'glod' }))).toEqual([
    '2.json: spec.tier: the API orders has no tier of this name; did you mean "gold"?',
  ]);
  expect(await messagesOf(document('Api', 'orders', {}), shop, contract('a', {}))).toEqual([
    '2.json: spec.tier: the API orders has no tier of this name; it has none',
  ]);
});

it('a reference to a document with faults is no fault of its own', async () => {
  const faulty = document('Api', 'orders', { hots: [] });
  expect(await messagesOf(faulty, shop, contract('a', {}), binding({ kind: 'Api', name: 'orders' }))).toEqual([
    '0.json: spec.hots: unknown field; did you mean "hosts"?',
  ]);
});

it('a deprecated tier takes no new contract and keeps the approved ones', async () => {
  expect(await messagesOf(orders, shop, contract('a', { tier: 'old', status: undefined }))).toEqual([
    '2.json: spec.tier: this tier is deprecated and takes no new contracts: name another one',
  ]);
  for (const status of ['approved', 'revoked', 'rejected']) {
    expect(await messagesOf(orders, shop, contract('a', { tier: 'old', status }))).toEqual([]);
  }
});

it('a client has one contract with an API', async () => {
  expect(await messagesOf(orders, shop, contract('a', {}), contract('b', { status: 'revoked' }))).toEqual([
    expect.stringMatching(
      /^3\.json: spec\.clientApplication: has another contract with this API: .*2\.json:1:1$/,
    ) as string,
  ]);
});

it('a client id belongs to one application', async () => {
  expect(await messagesOf(shop, document('ClientApplication', 'other', { clientId: 'shop' }), orders)).toEqual([
    expect.stringMatching(
      /^1\.json: spec\.clientId: another client application has this client id: .*0\.json:1:1$/,
    ) as string,
  ]);
});

it('a name belongs to one document of its kind, and to those of other kinds', async () => {
  const twins = [orders, document('ClientApplication', 'orders', { clientId: 'o' }), document('Api', 'orders', {})];
  expect(await messagesOf(...twins)).toEqual([
    expect.stringMatching(/^2\.json: metadata\.name: another Api has this name: .*0\.json:1:1$/) as string,
  ]);
});

it('two APIs never share a host and a base path', async () => {
  const api = (name: string, spec: object) => document('Api', name, spec);
  const same = [
    [{ hosts: ['a.b'] }, { hosts: ['x.y', 'A.B'] }],
    [{ basePath: '/x' }, { basePath: '/x/' }],
    [{}, { hosts: ['*'] }],
    [{ hosts: ['*.a.b'] }, { hosts: ['*.a.b'] }],
  ] as const;
  for (const [one, two] of same) {
    const messages = await messagesOf(api('one', one), api('two', two));
    expect(messages).toEqual([expect.stringMatching(/the API one has the same host and base path: .*0\.json:1:1$/)]);
  }
  expect(await messagesOf(api('one', { hosts: ['a', 'A'] }))).toEqual([
    '0.json: spec.hosts[1]: this host is listed twice',
  ]);
  const different = [api('one', { hosts: ['a.b'] }), api('two', { hosts: ['*.b'] }), api('three', {})];
  expect(
    await messagesOf(
      ...different,
      api('four', { hosts: ['a.b'], basePath: '/x' }),
      api('five', { hosts: ['a.b.', 'a.b:80'] }),
    ),
  ).toEqual([]);
});

it('a binding protects something', async () => {
  expect(await messagesOf(orders, binding({ kind: 'Api', name: 'oders' }))).toEqual([
    '1.json: spec.targetRef.name: there is no Api of this name; did you mean "orders"?',
  ]);
  const labels = { team: 'shpo' };
  expect(await messagesOf(orders, binding({ kind: 'Selector', selector: { labels } }))).toEqual([
    '1.json: spec.targetRef.selector.labels: no API has all of these labels, so the policy would protect nothing',
  ]);
  expect(await messagesOf(orders, binding({ kind: 'Selector', selector: {} }))).toEqual([]);
});

it('names that objects have by nature are names like others', async () => {
  const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf'];
  expect(await messagesOf(orders, shop, contract('a', { api: 'constructor', tier: 'toString' }))).toEqual([
    '2.json: spec.api: there is no Api of this name',
  ]);
  const documents = names.flatMap((name) => [
    document('Api', name, { basePath: `/${name}` }, { labels: { constructor: name } }),
    document('ClientApplication', name, { clientId: name }),
  ]);
  const selector = { kind: 'Selector', selector: { labels: { toString: 'x' } } };
  expect(await messagesOf(...documents.slice(0, 8))).toEqual([]);
  expect(await messagesOf(...documents.slice(0, 8), binding(selector))).toEqual([
    '8.json: spec.targetRef.selector.labels: no API has all of these labels, so the policy would protect nothing',
  ]);
});

it('there is one Configuration', async () => {
  const configuration = (name: string) => document('Configuration', name, {});
  expect(await messagesOf(orders, configuration('a'), configuration('b'))).toEqual([
    expect.stringMatching(/^2\.json: kind: there is one Configuration already: .*1\.json:1:1$/) as string,
  ]);
});

it('ten thousand contracts that lead nowhere are told', { timeout: 60_000 }, async () => {
  const clients = Array.from({ length: 10_000 }, (_, i) =>
    document('ClientApplication', `c${i}`, { clientId: `c${i}` }),
  );
  const contracts = Array.from({ length: 10_000 }, (_, i) => contract(`k${i}`, { clientApplication: `d${i}` }));
  const faults = await faultsOf({ 'a.json': [orders, ...clients, ...contracts] });
  expect(faults[0]).toMatch(/there is no ClientApplication of this name; did you mean "c0"\?$/);
  expect(faults).toHaveLength(1001);
});

it('a broken file names its own fault first, and then the references into it', async () => {
  const contracts = Object.fromEntries(
    Array.from({ length: 3 }, (_, at) => [`a/${at}.json`, contract(`c${at}`, { clientApplication: 'shop' })]),
  );
  const faults = await faultsOf({ ...contracts, 'z.yaml': 'apiVersion: [\nkind: Api\n', 'b.json': shop });
  expect(faults[0]).toMatch(/^z\.yaml:/);
  expect(faults.slice(1)).toEqual(
    [0, 1, 2].map((at) => expect.stringMatching(`^a/${at}\\.json:1:\\d+: spec\\.api: there is no Api of this name$`)),
  );
});

it('thousands of references into a broken file hide no fault of other files', async () => {
  const many = Array.from({ length: 3000 }, (_, at) => contract(`c${at}`, { clientApplication: `n${at}` }));
  const faulty = document('Api', 'faulty', { policies: [{ policyRef: { name: 'gaet' } }] });
  const faults = await faultsOf({ 'a.json': many, 'y.json': faulty, 'z.yaml': 'apiVersion: [\n' });
  expect(faults[0]).toContain('y.json:1:');
  expect(faults[0]).toContain('there is no kind of policy of this name; did you mean "gate"?');
  expect(faults[1]).toMatch(/^z\.yaml:/);
  expect(faults.at(-1)).toMatch(/^…: and \d{4} more faults$/);
  expect(faults).toHaveLength(1001);
});

it('every fault of a document is told at once: its own fields, its policies, and what it names', async () => {
  const policies = [
    { policyRef: { name: 'gaet' }, config: { nubmer: 1 } },
    { policyRef: { name: 'gate' }, config: { nubmer: 1 } },
  ];
  expect(await messagesOf(document('Api', 'a', { basPath: '/a', policies }), shop)).toEqual([
    '0.json: spec.basPath: unknown field; did you mean "basePath"?',
    '0.json: spec.policies[0].policyRef.name: there is no kind of policy of this name; did you mean "gate"?',
    '0.json: spec.policies[1].config.nubmer: unknown field; did you mean "number"?',
  ]);
  const misspelt = document('PolicyBinding', 'b', {
    targetRef: { kind: 'Api', name: 'ordres' },
    policyRef: { name: 'gaet' },
    oder: 1,
  });
  expect(await messagesOf(orders, misspelt)).toEqual([
    '1.json: spec.policyRef.name: there is no kind of policy of this name; did you mean "gate"?',
    '1.json: spec.oder: unknown field; did you mean "order"?',
    '1.json: spec.targetRef.name: there is no Api of this name; did you mean "orders"?',
  ]);
  expect(await messagesOf(orders, shop, contract('c', { api: 'ordres', tire: 'gold' }))).toEqual([
    '2.json: spec.tire: unknown field; did you mean "tier"?',
    '2.json: spec.api: there is no Api of this name; did you mean "orders"?',
  ]);
});
