import { describe, expect, it } from 'vitest';
import { withoutInformational } from '../../src/document/informational.ts';
import { document, faultsOf, snapshotOf } from './documents.ts';

const LIMITS = [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }];
const CATALOG = {
  displayName: 'Orders of the shop',
  description: 'All of them',
  owner: 'shop-team',
  asset: 'orders',
  version: 'v2',
  lifecycle: 'published',
  visibility: 'internal',
  specification: 'orders-openapi',
  terms: { version: '2026-01', url: 'https://example.com/terms' },
  annotations: { 'example.com/ticket': 'OPS-1 and more' },
};
const api = (metadata: object = {}) =>
  document(
    'Api',
    'orders',
    { tiers: [{ name: 'gold', limits: LIMITS }], policies: [{ policyRef: { name: 'gate' } }] },
    metadata,
  );
const team = (name: string, namespaces: readonly string[]) =>
  document('Team', name, { namespaces }, { namespace: 'platform', displayName: 'Team of the shop' });
const text = document('Specification', 'orders-openapi', { format: 'openapi', text: 'openapi: 3.1.0\n' });
const client = document('ClientApplication', 'web', { clientId: 'web' }, { owner: 'shop-team' });
const contract = (status?: string) =>
  document('Contract', 'web-orders', { clientApplication: 'web', api: 'orders', tier: 'gold', status });

const BY = { by: 'user:alice@example.com', at: '2026-11-28T14:00:00.000Z' };
const RECORD = {
  requested: { ...BY, reason: 'for the new shop', approvals: [{ ...BY, comment: 'fine' }] },
  change: { ...BY, person: 'user:bob@example.com', tier: 'gold', acceptedTerms: '2026-01' },
  decided: { ...BY, what: 'approved', comment: 'fine' },
};

describe('what a catalog tells', () => {
  it('changes no decision and no version of the documents', async () => {
    const plain = await snapshotOf({ 'a.json': [api(), document('ClientApplication', 'web', { clientId: 'web' })] });
    const told = await snapshotOf({ 'a.json': [api(CATALOG), client, team('shop-team', ['shop']), text] });
    expect(told.version).toBe(plain.version);
    expect(told.contractCount).toBe(plain.contractCount);
  });

  it('stays at the control plane: sidecars of an earlier version would refuse fields that they do not know', () => {
    expect(withoutInformational('Api', api({ ...CATALOG, labels: { team: 'shop' }, namespace: 'shop' }))).toEqual(
      api({ displayName: CATALOG.displayName, labels: { team: 'shop' }, namespace: 'shop' }),
    );
    expect(withoutInformational('ClientApplication', client)).toMatchObject({ metadata: { name: 'web' } });
    const tier = { name: 'gold', limits: LIMITS };
    const strict = api();
    const told = {
      ...strict,
      spec: {
        ...strict.spec,
        tiers: [
          { name: 'free', limits: LIMITS },
          { ...tier, approvers: 2 },
        ],
      },
    };
    expect(withoutInformational('Api', told)).toMatchObject({
      spec: { tiers: [{ name: 'free', limits: LIMITS }, tier] },
    });
    expect(withoutInformational('Api', strict)).toBe(strict);
    const recorded = document('Contract', 'c', { ...contract().spec, acceptedTerms: '1', record: RECORD });
    expect(withoutInformational('Contract', recorded)).toEqual(document('Contract', 'c', contract().spec));
    expect(withoutInformational('Contract', { spec: [1] })).toEqual({ spec: [1] });
    const house = document('Api', 'orders', { guests: [{ team: 'returns', basePath: '/' }] });
    expect(Object.keys((withoutInformational('Api', house) as typeof house).spec)).not.toContain('guests');
    expect(withoutInformational('Api', { ...house, spec: 1 })).toEqual({ ...house, spec: 1 });
    for (const odd of [undefined, null, 1, { metadata: 1 }]) expect(withoutInformational('Api', odd)).toEqual(odd);
    expect(withoutInformational('Unknown', api(CATALOG))).toEqual(api(CATALOG));
  });

  it('of a contract, who asked and decided changes no version either, and has a form', async () => {
    const of = (spec: object) => ({ 'a.json': [api(), client, { ...contract('approved'), spec }] });
    const { spec } = contract('approved');
    const told = { ...spec, acceptedTerms: '2026-01', record: RECORD };
    expect((await snapshotOf(of(told))).version).toBe((await snapshotOf(of(spec))).version);
    const odd = { ...RECORD, decided: { ...BY, what: 'sold' }, change: { ...BY, at: 'noon', tier: 'gold' }, more: 1 };
    expect(await faultsOf(of({ ...spec, acceptedTerms: 'a b', record: odd }))).toEqual(
      [
        'spec.acceptedTerms: expected a version such as v2',
        'spec.record.change.at: expected a time such as 2027-01-31T00:00:00Z',
        'spec.record.decided.what: expected one of approved, rejected',
        'spec.record.more: unknown field',
      ].map((line) => expect.stringContaining(line) as string),
    );
  });

  it('of the terms of use says which they are and where they stand; of a tier, who has to approve', async () => {
    const of = (terms: object) => faultsOf({ 'a.json': api({ terms }) });
    expect(await of({ version: '1', text: 'Be kind.' })).toEqual([]);
    expect(await of({ version: '1' })).toEqual([
      expect.stringContaining('metadata.terms.text: is missing, and so is url: one of them says what is accepted'),
    ]);
    for (const url of [
      'ftp://example.com',
      'https://',
      'https://a:b@example.com',
      'example.com/terms',
      'https://a b',
    ]) {
      expect(await of({ version: '1', url })).toEqual([
        expect.stringContaining('metadata.terms.url: expected an address such as https://example.com/terms'),
      ]);
    }
    const tier = (more: object) =>
      faultsOf({ 'a.json': document('Api', 'orders', { tiers: [{ name: 'gold', limits: LIMITS, ...more }] }) });
    expect(await tier({ approvers: 2 })).toEqual([]);
    expect(await tier({ approvers: 2, autoApprove: true })).toEqual([
      expect.stringContaining('spec.tiers[0].approvers: contradicts autoApprove'),
    ]);
    for (const approvers of [0, 3, 1.5, '2']) expect(await tier({ approvers })).toHaveLength(1);
  });

  it('has a form, and belongs to kinds that have it', async () => {
    const told = async (documents: object) =>
      (await faultsOf({ 'a.json': documents })).map((line) => line.replace(/^[^ ]+ /, ''));
    expect(
      await told(api({ lifecycle: 'publisched', visibility: 'secret', version: 'v 2', owner: 'The team' })),
    ).toEqual(
      [
        'metadata.lifecycle: expected one of draft, published, deprecated, retired; did you mean "published"?',
        'metadata.visibility: expected one of private, internal, public',
        'metadata.version: expected a version such as v2 or 1.4.0',
        'metadata.owner: expected a name: letters and digits, with ".", "_" or "-" between them',
      ].map((line) => expect.stringContaining(line) as string),
    );
    expect(await told(api({ version: 1.4 }))).toEqual([
      'metadata.version: expected text, got a number: put it in quotes',
    ]);
    expect(await told(document('ClientApplication', 'a', { clientId: 'a' }, { lifecycle: 'draft' }))).toEqual([
      expect.stringContaining('metadata.lifecycle: unknown field') as string,
    ]);
  });
});

describe('a team', () => {
  it('owns namespaces, each of which belongs to one team, and is in none of them', async () => {
    expect(await faultsOf({ 'a.json': [api(), team('a', ['shop', 'zoo']), team('b', ['bank', 'shop'])] })).toEqual([
      expect.stringMatching(/^a.json:1:\d+: spec.namespaces\[1\]: another team owns this namespace: a.json/) as string,
    ]);
    expect(await faultsOf({ 'a.json': [api(), team('a', ['shop', 'shop'])] })).toEqual([
      expect.stringContaining('spec.namespaces[1]: is listed twice') as string,
    ]);
    expect(
      await faultsOf({ 'a.json': [api(), document('Team', 'a', { namespaces: ['shop'] }, { namespace: 'shop' })] }),
    ).toEqual([expect.stringContaining('metadata.namespace: expected "platform": teams own namespaces') as string]);
  });
});

describe('a retired API', () => {
  it('takes no new contracts, and keeps those that were decided on', async () => {
    const retired = api({ lifecycle: 'retired' });
    for (const pending of [contract(), contract('pending')]) {
      expect(await faultsOf({ 'a.json': [retired, client, pending] })).toEqual([
        expect.stringContaining('spec.api: this API is retired and takes no new contracts: reject this one') as string,
      ]);
    }
    for (const status of ['approved', 'rejected', 'revoked']) {
      expect(await faultsOf({ 'a.json': [retired, client, contract(status)] })).toEqual([]);
    }
    expect(await faultsOf({ 'a.json': [api({ lifecycle: 'deprecated' }), client, contract()] })).toEqual([]);
  });
});
