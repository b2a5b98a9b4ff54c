import { isMeant } from './event-kinds.ts';
import type { TeamEvent } from './event.ts';
import { isMailAddress } from './mail-address.ts';
import { receiverText } from './receiver.ts';

/** What a team or a person wants to hear of. */
export interface Subscription {
  /** Names of events and patterns. */
  readonly events: readonly string[];
  /** Whether whoever subscribes may read what the event is about. */
  readonly mayHear: (event: TeamEvent) => boolean;
  /** As `receiverText` writes them. */
  readonly receivers: readonly string[];
}

/** To whom an event is sent: each receiver once. */
export function receiversOf(event: TeamEvent, subscriptions: readonly Subscription[]): readonly string[] {
  const found = new Set<string>();
  for (const { events, mayHear, receivers } of subscriptions) {
    if (!events.some((pattern) => isMeant(pattern, event.event)) || !mayHear(event)) continue;
    for (const receiver of receivers) found.add(receiver);
  }
  return [...found];
}

/** Receivers of addresses: what is no address is left out. */
export function mailReceivers(addresses: Iterable<string>): readonly string[] {
  const own = [...addresses].filter(isMailAddress).map((address) => receiverText({ kind: 'mail', address }));
  return [...new Set(own)];
}
