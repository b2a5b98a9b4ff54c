import { describe, expect, it } from 'vitest';
import { EVERYTHING } from '../../src/sync/scope.ts';
import type { Scope } from '../../src/sync/scope.ts';
import type { TestControl, TestSidecar } from './fixture.ts';
import { api, client, contract, doc, MemoryLog, put } from './memory-log.ts';
import { control, sidecar } from './opened.ts';

describe('a scope', () => {
  async function namesOf(scope: Scope, log: MemoryLog): Promise<{ plane: TestControl; one: TestSidecar }> {
    const plane = await control(log);
    const one = sidecar(() => plane, { token: await plane.token(scope) });
    await one.opened();
    return { plane, one };
  }

  const everything = [
    api('orders', { tier: 'gold' }),
    api('stock'),
    client('web'),
    client('idle'),
    contract('web-orders', 'web', 'orders'),
    contract('idle-stock', 'idle', 'stock'),
    doc('PolicyBinding', 'for-gold', {
      targetRef: { kind: 'Selector', selector: { labels: { tier: 'gold' } } },
      policyRef: { name: 'cors' },
    }),
    doc('PolicyBinding', 'for-stock', { targetRef: { kind: 'Api', name: 'stock' }, policyRef: { name: 'cors' } }),
    doc('PolicyBinding', 'platform/all', {
      targetRef: { kind: 'Selector', selector: {} },
      policyRef: { name: 'cors' },
    }),
    api('shop/bills'),
  ];

  it('of some APIs has what belongs to them alone', async () => {
    const log = new MemoryLog();
    await put(log, ...everything);
    const { one } = await namesOf({ ...EVERYTHING, apis: ['orders'] }, log);
    expect(one.names).toEqual([
      'Api orders',
      'ClientApplication web',
      'Contract web-orders',
      'PolicyBinding for-gold',
      'PolicyBinding platform/all',
    ]);
  });

  it('has neither what is for people alone, nor fields that no decision depends on', async () => {
    const log = new MemoryLog();
    const told = {
      ...api('orders'),
      metadata: { name: 'orders', version: 'v2', lifecycle: 'draft', description: 'x' },
    };
    await put(
      log,
      told,
      doc('Team', 'platform/shop', {}),
      doc('Specification', 'orders', { format: 'other', text: 'x' }),
    );
    const { plane, one } = await namesOf(EVERYTHING, log);
    expect(one.names).toEqual(['Api orders']);
    const sent = [...one.source.inForce()].map(({ text }) => JSON.parse(text) as { metadata: object });
    expect(sent.map(({ metadata }) => metadata)).toEqual([{ name: 'orders' }]);
    // It enforces a revision that changes nothing for it.
    const revision = await put(log, doc('Team', 'platform/shop', { namespaces: ['shop'] }));
    expect(await plane.receipts.of(revision, 5000)).toMatchObject({ enforced: 1 });
  });

  it('has the client of another namespace that an API of it has a contract with, and nothing else of there', async () => {
    const log = new MemoryLog();
    await put(log, ...everything, client('bank/web'), client('bank/idle'), api('bank/bills'));
    const scopes = [
      { ...EVERYTHING, namespaces: ['shop'] },
      { ...EVERYTHING, apis: ['shop/bills'] },
    ];
    const sidecars = await Promise.all(scopes.map((scope) => namesOf(scope, log)));
    const crossing = contract('shop/web-bills', 'bank/web', 'bills');
    for (const [documents, client_] of [
      [[crossing], ['ClientApplication bank/web', 'Contract shop/web-bills']],
      [[contract('shop/web-bills', 'default/web', 'bills')], ['ClientApplication web', 'Contract shop/web-bills']],
      [[doc('Contract', 'shop/web-bills', undefined)], []],
      // Another's API can't be named.
      [[contract('shop/web-bills', 'bank/web', 'bank/bills')], []],
    ] as const) {
      const revision = await put(log, ...documents);
      for (const { plane, one } of sidecars) {
        expect(await plane.receipts.of(revision, 5000)).toMatchObject({ enforced: 1 });
        expect(one.names).toEqual(
          ['Api shop/bills', ...client_, 'PolicyBinding platform/all'].toSorted((a, b) => (a < b ? -1 : 1)),
        );
      }
    }
  });

  it('of labels follows the APIs that get and lose them', async () => {
    const log = new MemoryLog();
    await put(log, ...everything);
    const { plane, one } = await namesOf({ ...EVERYTHING, labels: { tier: 'gold' } }, log);
    const moved = await put(log, api('stock', { tier: 'gold' }), api('orders'));
    expect(await plane.receipts.of(moved, 5000)).toMatchObject({ enforced: 1 });
    expect(one.names).toEqual([
      'Api stock',
      'ClientApplication idle',
      'Contract idle-stock',
      'PolicyBinding for-gold',
      'PolicyBinding for-stock',
      'PolicyBinding platform/all',
    ]);
  });

  it('of a namespace is not told what others do, and enforces it all the same', async () => {
    const log = new MemoryLog();
    await put(log, ...everything);
    const { plane, one } = await namesOf({ ...EVERYTHING, namespaces: ['shop'] }, log);
    expect(one.names).toEqual(['Api shop/bills', 'PolicyBinding platform/all']);
    const { length } = one.deliveries;
    const revision = await put(log, doc('Contract', 'web-orders', undefined));
    expect(await plane.receipts.of(revision, 5000)).toMatchObject({ enforced: 1 });
    expect(one.deliveries).toHaveLength(length);
  });
});
