import type { Document } from './world.ts';

const API_VERSION = 'ostiary.dev/v1alpha1';

export function document(kind: string, name: string, spec: object, metadata: object = {}): Document {
  return { apiVersion: API_VERSION, kind, metadata: { name, ...metadata }, spec };
}

const LIMITS = [{ maximumRequests: 100, timePeriodInMilliseconds: 60_000 }];

export const KEY = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

export const api = document(
  'Api',
  'orders',
  {
    hosts: ['orders.example.com'],
    tiers: [
      { name: 'gold', limits: LIMITS },
      { name: 'silver', limits: LIMITS, autoApprove: true },
    ],
  },
  { namespace: 'orders', displayName: 'Orders' },
);

export const app = document(
  'ClientApplication',
  'web',
  { clientId: 'web' },
  { namespace: 'shop', displayName: 'Web shop' },
);

/** Of two teams. */
export function contract(spec: object = {}): Document {
  const own = { clientApplication: 'shop/web', api: 'orders', tier: 'gold', status: 'pending', ...spec };
  return document('Contract', 'web-orders', own, { namespace: 'orders' });
}

export function team(name: string, namespaces: readonly string[], members: readonly object[] = []): Document {
  return document('Team', name, { namespaces, members }, { namespace: 'platform' });
}

export const teams = [team('orders-team', ['orders']), team('shop-team', ['shop']), team('other-team', ['other'])];

export function webhook(url: string, namespace: string, spec: object = {}): Document {
  return document('Webhook', 'hook', { url, signingSecret: { value: KEY }, ...spec }, { namespace });
}

export function subscription(
  namespace: string,
  events: readonly string[],
  spec: object = { webhooks: ['hook'] },
): Document {
  return document('Subscription', 'all', { events, ...spec }, { namespace });
}
