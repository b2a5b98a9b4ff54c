import { createHash } from 'node:crypto';

/** Where events are sent: one of these is slow or away for itself alone. */
export type Receiver =
  /** @param name qualified, of a Webhook */
  { readonly kind: 'webhook'; readonly name: string } | { readonly kind: 'mail'; readonly address: string };

/** `webhook:shop/chat` or `mail:alice@example.com`. */
export function receiverText(receiver: Receiver): string {
  return receiver.kind === 'webhook' ? `webhook:${receiver.name}` : `mail:${receiver.address}`;
}

/** @throws TypeError for what {@link receiverText} does not write */
export function receiverFrom(text: string): Receiver {
  const [, kind, rest = ''] = /^(webhook|mail):(.+)$/s.exec(text) ?? [];
  if (kind === undefined) throw new TypeError('not a receiver');
  return kind === 'webhook' ? { kind, name: rest } : { kind: 'mail', address: rest };
}

/** An event is sent to a receiver once, however many subscriptions mean it. */
export function deliveryId(eventId: string, receiver: string): string {
  return `delivery_${createHash('sha256')
    .update(JSON.stringify([eventId, receiver]))
    .digest('hex')
    .slice(0, 24)}`;
}
