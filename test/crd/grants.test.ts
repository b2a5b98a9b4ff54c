import { describe, expect, it } from 'vitest';
import { grantOf } from '../../src/crd/grants.ts';
import { faultsOf, made, object } from './objects.ts';

describe('what is of another namespace', () => {
  const grant = (spec: object, namespace = 'shop') => {
    const read = grantOf({ metadata: { name: 'g', namespace }, spec });
    if (read === undefined) throw new Error('no grant');
    return read;
  };
  const contract = (spec: object) =>
    object('Contract', 'web', { clientApplication: 'web', api: 'shop/orders', ...spec }, { namespace: 'partner' });

  it('is a place that its API lets it have', () => {
    const grants = [
      grant({ from: [{ namespace: 'partner' }], places: [{ api: 'orders', basePath: '/orders/v2' }] }),
      grant({ from: [{ namespace: 'evil' }], places: [{ api: 'orders', basePath: '/' }] }, 'evil'),
    ];
    const { document } = made(object('Api', 'orders', { basePath: '/orders' }), { grants });
    expect(document['spec']).toEqual({
      basePath: '/orders',
      guests: [{ namespace: 'east.partner', basePath: '/orders/v2' }],
    });
    expect(made(object('Api', 'other', {}), { grants }).document['spec']).toEqual({});
  });

  it('is a contract with its API, in the namespace of the API', () => {
    const grants = [grant({ from: [{ namespace: 'partner' }], contracts: [{ api: 'orders', tiers: ['tin'] }] })];
    expect(made(contract({ tier: 'tin' }), { grants }).document).toMatchObject({
      metadata: { name: 'partner_web', namespace: 'east.shop' },
      spec: { clientApplication: 'east.partner/web', api: 'orders', tier: 'tin' },
    });
  });

  it.each([
    ['no grant', {}, [], /no AccessGrant in the namespace shop lets Contracts of partner name an Api orders/],
    [
      'a grant of another namespace',
      {},
      [grant({ from: [{ namespace: 'partner' }], contracts: [{ api: 'orders' }] }, 'partner')],
      /no AccessGrant/,
    ],
    [
      'a grant for others',
      {},
      [grant({ from: [{ namespace: 'x' }], contracts: [{ api: 'orders' }] })],
      /no AccessGrant/,
    ],
    [
      'another tier',
      { tier: 'gold' },
      [grant({ from: [{ namespace: 'partner' }], contracts: [{ api: 'orders', tiers: ['tin'] }] })],
      /other tiers alone/,
    ],
    [
      'no tier',
      {},
      [grant({ from: [{ namespace: 'partner' }], contracts: [{ api: 'orders', tiers: ['tin'] }] })],
      /other tiers alone/,
    ],
    [
      'an approval of its own',
      { status: 'approved' },
      [grant({ from: [{ namespace: 'partner' }], contracts: [{ api: 'orders' }] })],
      /approve: true/,
    ],
  ])('is refused with %s', (_, spec, grants, told) => {
    const faults = faultsOf(contract(spec), { grants });
    expect(faults).toEqual([expect.stringMatching(told)]);
    expect(faults[0]).toMatch(/^RefNotPermitted spec\.api: /);
  });

  it('may be approved there where its owner lets it', () => {
    const grants = [grant({ from: [{ namespace: 'partner' }], contracts: [{ api: 'orders', approve: true }] })];
    expect(made(contract({ status: 'approved' }), { grants }).document['spec']).toMatchObject({ status: 'approved' });
  });

  it('is no client application of a third one, where the API is of another', () => {
    const grants = [grant({ from: [{ namespace: 'partner' }], contracts: [{ api: 'orders', approve: true }] })];
    expect(faultsOf(contract({ clientApplication: 'shop/web', status: 'approved' }), { grants })).toEqual([
      'RefNotPermitted spec.clientApplication: with an API of another namespace it is one of partner itself',
    ]);
    expect(made(contract({ clientApplication: 'partner/web' }), { grants }).document['spec']).toMatchObject({
      clientApplication: 'east.partner/web',
    });
  });

  it('is a client application that a contract names', () => {
    const { document } = made(object('Contract', 'c', { clientApplication: 'partner/web', api: 'orders' }));
    expect(document['spec']).toMatchObject({ clientApplication: 'east.partner/web', api: 'orders' });
  });
});
