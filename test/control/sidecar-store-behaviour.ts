import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { EVERYTHING } from '../../src/sync/scope.ts';
import type { JoinToken, SidecarReport, SidecarStore } from '../../src/sync/sidecar-store.ts';

const TOKEN: JoinToken = { hash: 'a', name: 't', scope: EVERYTHING, createdAt: 0, expiresAt: 1000, mostUses: 0 };

function report(node: string, change: Partial<SidecarReport> = {}): SidecarReport {
  return {
    node,
    version: '1',
    labels: { zone: 'a' },
    enforcedRevision: 7,
    enforcedAt: 5,
    faults: [{ resource: 'Api a', field: 'spec', message: 'no' }],
    otherHistory: '',
    maxStaleMs: 0,
    isConnected: true,
    hasLeft: false,
    lastContactAt: 9,
    ...change,
  };
}

/** What every store of sidecars does. */
export function sidecarsAreStored(open: () => Promise<SidecarStore>): void {
  const join = (store: SidecarStore, node: string, tokenHash = 'a', at = 1) =>
    store.join({ tokenHash, credentialHash: randomBytes(8).toString('hex'), node, version: '1', at });

  it('lets who has a token join, and knows the node by its credential', async () => {
    const store = await open();
    const scope = { namespaces: ['shop'], apis: [], labels: { tier: 'gold' } };
    await store.addToken({ ...TOKEN, scope });
    const joining = { tokenHash: 'a', credentialHash: 'c', node: 'one', version: '1', at: 1 };
    expect(await store.join(joining)).toEqual({ result: 'joined', scope });
    expect(await store.identify('c')).toEqual({ node: 'one', scope, joinedBy: 'a' });
    expect(await store.join({ ...joining, credentialHash: 'd' })).toEqual({ result: 'joined', scope });
    expect(await store.identify('c')).toBeUndefined();
    expect(await store.identify('d')).toEqual({ node: 'one', scope, joinedBy: 'a' });
  });

  it('refuses tokens that are unknown, have expired or were used up, and names that are taken', async () => {
    const store = await open();
    await store.addToken({ ...TOKEN, mostUses: 1 });
    await store.addToken({ ...TOKEN, hash: 'b' });
    expect(await join(store, 'one', 'x')).toEqual({ result: 'bad_token' });
    expect(await join(store, 'one', 'a', 1000)).toEqual({ result: 'bad_token' });
    expect((await join(store, 'one')).result).toBe('joined');
    expect(await join(store, 'two')).toEqual({ result: 'bad_token' });
    expect((await join(store, 'one')).result).toBe('joined');
    expect(await join(store, 'one', 'b')).toEqual({ result: 'taken' });
    expect(await store.forget('one')).toBe(true);
    expect(await store.forget('one')).toBe(false);
    expect((await join(store, 'one', 'b')).result).toBe('joined');
  });

  it('admits those whom somebody vouches for, each by its own names', async () => {
    const store = await open();
    const scope = { namespaces: ['shop'], apis: [], labels: {} };
    const web = { subject: 'spiffe://a/web', credentialHash: 'c', node: 'a/web/1', version: '1', scope, at: 1 };
    expect(await store.admit(web)).toEqual({ result: 'joined', scope });
    expect(await store.identify('c')).toEqual({ node: 'a/web/1', scope, joinedBy: 'spiffe://a/web' });
    await store.report('x', [report('a/web/1')]);
    // Nothing of what it has told is lost where it is the same.
    const wider = { namespaces: ['shop', 'food'], apis: [], labels: {} };
    expect(await store.admit({ ...web, scope: wider })).toEqual({ result: 'joined', scope: wider });
    expect((await store.list())[0]).toMatchObject({ enforcedRevision: 7, scope: wider });
    expect(await store.admit({ ...web, credentialHash: 'd' })).toMatchObject({ result: 'joined' });
    expect(await store.identify('c')).toBeUndefined();
    expect((await store.list())[0]).toMatchObject({ enforcedRevision: 0 });
    expect(await store.admit({ ...web, subject: 'spiffe://a/other', credentialHash: 'e' })).toEqual({
      result: 'taken',
    });
    await store.addToken(TOKEN);
    expect(await join(store, 'a/web/1')).toEqual({ result: 'taken' });
    const both = await Promise.all(
      ['f', 'g'].map((hash) => store.admit({ ...web, node: 'a/web/2', credentialHash: hash })),
    );
    expect(both.map(({ result }) => result)).toEqual(['joined', 'joined']);
  });

  it('lets a pod take the place of an earlier one of its name, and never the other way round', async () => {
    const store = await open();
    const scope = EVERYTHING;
    const [minute, pod] = [60_000, { subject: 'kubernetes:x shop/web-0', node: 'shop/web-0', version: '1', scope }];
    expect(await store.admit({ ...pod, credentialHash: 'first', at: 10 * minute, issuedAt: 9 * minute })).toMatchObject(
      {
        result: 'joined',
      },
    );
    expect(
      await store.admit({ ...pod, credentialHash: 'second', at: 20 * minute, issuedAt: 19 * minute }),
    ).toMatchObject({ result: 'joined' });
    expect(await store.identify('first')).toBeUndefined();
    expect(await store.admit({ ...pod, credentialHash: 'first', at: 21 * minute, issuedAt: 18 * minute })).toEqual({
      result: 'outdated',
    });
    expect(await store.identify('second')).toMatchObject({ node: 'shop/web-0' });
  });

  it('counts the uses of those who join at once', async () => {
    const store = await open();
    await store.addToken({ ...TOKEN, mostUses: 3 });
    const joined = await Promise.all(Array.from({ length: 8 }, (_, number) => join(store, `node-${number}`)));
    expect(joined.filter(({ result }) => result === 'joined')).toHaveLength(3);
  });

  it('keeps what sidecars report, and tells which are unknown', async () => {
    const store = await open();
    await store.addToken(TOKEN);
    await join(store, 'one');
    expect(await store.report('x', [report('one'), report('ghost')])).toEqual(['ghost']);
    expect(await store.list()).toMatchObject([{ ...report('one'), scope: EVERYTHING, joinedAt: 1 }]);
    // Another control plane has it by now: that it has left this one says nothing.
    await store.report('y', [report('one', { enforcedRevision: 8, faults: [] })]);
    await store.report('x', [report('one', { isConnected: false })]);
    expect(await store.list()).toMatchObject([{ isConnected: true, enforcedRevision: 8, faults: [] }]);
    await store.touch('x', 50);
    expect(await store.list()).toMatchObject([{ lastContactAt: 9 }]);
    await store.touch('y', 50);
    expect(await store.list()).toMatchObject([{ lastContactAt: 50 }]);
    await store.report('y', [report('one', { isConnected: false, hasLeft: true })]);
    expect(await store.list()).toMatchObject([{ isConnected: false, hasLeft: true }]);
  });

  it('takes the reports of two control planes at once', async () => {
    const store = await open();
    await store.addToken(TOKEN);
    const names = Array.from({ length: 40 }, (_, number) => `node-${number}`);
    for (const name of names) await join(store, name);
    const told = (instance: string, order: readonly string[]) =>
      store.report(
        instance,
        order.map((name) => report(name)),
      );
    await Promise.all(
      Array.from({ length: 10 }, (_, at) => told(at % 2 === 0 ? 'x' : 'y', at % 2 === 0 ? names : names.toReversed())),
    );
    expect(await store.list()).toHaveLength(40);
  });

  it('remembers when a history was adopted last', async () => {
    const store = await open();
    expect(await store.adoptedAt('h')).toBeUndefined();
    await store.adopt(['h', 'i'], 3);
    await store.adopt(['h'], 5);
    expect([await store.adoptedAt('h'), await store.adoptedAt('i')]).toEqual([5, 3]);
  });
}
