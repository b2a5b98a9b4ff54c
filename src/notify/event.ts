import { createHash } from 'node:crypto';
import type { EventName } from './event-kinds.ts';
import { plainText } from './plain-text.ts';

/** The resource, or whatever else, that an event is about. */
export interface EventSubject {
  /** A kind of documents, or `Sidecar`, `Account` and `Token`. */
  readonly kind: string;
  /** Empty: it is in none. */
  readonly namespace: string;
  readonly name: string;
  /** What people read in place of the name. */
  readonly displayName?: string;
}

/** What has happened. It has no secret in it, and of what people wrote only single lines. */
export interface TeamEvent {
  /** The same whenever and by whomever it is told. */
  readonly id: string;
  readonly event: EventName;
  /** RFC 3339. */
  readonly at: string;
  /** Who did it, such as `user:alice@example.com`; absent: nobody, it came about. */
  readonly by?: string;
  /** Why, in their words. */
  readonly reason?: string;
  readonly about: EventSubject;
  /** The teams that it concerns, each once; what no team owns is the platform's. */
  readonly teams: readonly string[];
  /** All of it in one sentence. */
  readonly text: string;
  /** What else there is to know, by event. */
  readonly data: Readonly<Record<string, EventValue>>;
}

export type EventValue = string | number | boolean;

/** An event as those describe it who see it. */
export interface Draft extends Omit<TeamEvent, 'id' | 'at' | 'data'> {
  readonly data?: Readonly<Record<string, EventValue | undefined>>;
}

/**
 * Makes an event of what somebody has seen.
 * @param seen what it is the only event of, such as a revision of the log: the id is made of it
 * @param at milliseconds since the Unix epoch
 */
export function eventOf({ event, by, reason, about, teams, text, data }: Draft, seen: string, at: number): TeamEvent {
  const { kind, namespace, name, displayName } = about;
  const told = Object.entries(data ?? {}).filter((entry): entry is [string, EventValue] => entry[1] !== undefined);
  return {
    id: eventId(event, about, seen),
    event,
    at: new Date(at).toISOString(),
    ...(by !== undefined && by !== '' && { by: plainText(by) }),
    ...(reason !== undefined && reason !== '' && { reason: plainText(reason) }),
    about: {
      kind,
      namespace,
      name: plainText(name),
      ...(displayName !== undefined && { displayName: plainText(displayName) }),
    },
    teams: [...new Set(teams)],
    text: plainText(text, 2048),
    data: Object.fromEntries(
      told.map(([key, value]) => [key, typeof value === 'string' ? plainText(value) : value] as const),
    ),
  };
}

function eventId(event: EventName, { kind, namespace, name }: EventSubject, seen: string): string {
  const all = JSON.stringify([event, kind, namespace, name, seen]);
  return `event_${createHash('sha256').update(all).digest('hex').slice(0, 32)}`;
}
