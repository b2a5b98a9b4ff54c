import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { webhookKey, webhookSignature } from '../../src/standard-webhooks.ts';
import type { NewPlace } from '../registry/fixture.ts';
import { api, app, contract, KEY, subscription, teams, webhook } from './documents.ts';
import { startHttpReceiver } from './http-receiver.ts';
import type { HttpReceiver } from './http-receiver.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

const PATIENCE = { timeout: 15_000, interval: 20 };

/** What a control plane tells whom, on whichever database. */
export function tellsPeople(newPlace: NewPlace): void {
  describe('a team', () => {
    let world: World;
    let owners: HttpReceiver;
    let callers: HttpReceiver;
    let strangers: HttpReceiver;
    let all: HttpReceiver;
    beforeEach(async () => {
      [owners, callers, strangers, all] = await Promise.all([
        startHttpReceiver(),
        startHttpReceiver(),
        startHttpReceiver(),
        startHttpReceiver(),
      ]);
      world = await openWorld(await newPlace());
      await world.write([
        ...teams,
        api,
        app,
        webhook(owners.url, 'orders'),
        webhook(callers.url, 'shop'),
        webhook(strangers.url, 'other'),
        webhook(all.url, 'platform'),
        subscription('orders', ['contract.*']),
        subscription('shop', ['contract.approved', 'contract.revoked', 'secret.*']),
        subscription('other', ['*']),
        subscription('platform', ['*']),
      ]);
      await expect.poll(() => all.events().length, PATIENCE).toBe(2);
    });
    afterEach(async () => {
      await world.close();
      await Promise.all([owners, callers, strangers, all].map((each) => each.close()));
    });

    test('hears of the contracts of its APIs and applications, and of nobody else’s', async () => {
      for (const status of ['pending', 'approved', 'revoked', 'approved', 'rejected']) {
        await world.write([contract({ status })], { actor: 'user:bob@example.com', reason: `now ${status}` });
      }
      const names = ['requested', 'approved', 'revoked', 'restored', 'rejected'].map((each) => `contract.${each}`);
      await expect.poll(() => owners.events(), PATIENCE).toEqual(names);
      await expect.poll(() => callers.events(), PATIENCE).toEqual(['contract.approved', 'contract.revoked']);
      await expect.poll(() => all.events().length, PATIENCE).toBe(7);
      expect(strangers.received).toEqual([]);
      const [, second] = owners.received;
      expect(second?.body).toEqual({
        id: expect.stringMatching(/^event_[0-9a-f]{32}$/),
        event: 'contract.approved',
        at: expect.stringMatching(/^2027-01-01T00:\d\d:\d\d\.\d{3}Z$/),
        by: 'user:bob@example.com',
        reason: 'now approved',
        about: { kind: 'Contract', namespace: 'orders', name: 'web-orders' },
        teams: ['orders-team', 'shop-team'],
        text: 'bob@example.com approved the contract of Web shop (shop/web) with Orders (orders/orders), tier gold: now approved',
        data: { api: 'orders/orders', clientApplication: 'shop/web', tier: 'gold' },
      });
    });

    test('is sent events that are signed, with one id for all who hear of it', async () => {
      await world.write([contract({ status: 'approved' })]);
      await expect.poll(() => [owners, callers].map((each) => each.received.length), PATIENCE).toEqual([1, 1]);
      const [one, other] = [owners.received[0], callers.received[0]];
      const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = one?.headers ?? {};
      expect(id).toBe(one?.body['id']);
      expect(id).toBe(other?.headers['webhook-id']);
      expect(signature).toBe(webhookSignature(webhookKey(KEY), String(id), String(timestamp), one?.text ?? ''));
    });
  });
}
