import { api, app, contract, subscription, webhook } from './documents.ts';
import type { Document } from './world.ts';

/** What has to be there before contracts are told of. */
export function setting(url: string): readonly Document[] {
  return [api, app, webhook(url, 'orders'), subscription('orders', ['contract.requested'])];
}

export function numbered(at: number): Document {
  return { ...contract(), metadata: { name: `c-${at}`, namespace: 'orders' } };
}
