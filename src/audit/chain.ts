import { hash } from 'node:crypto';
import { canonicalJson } from '../document/version.ts';
import type { AuditAction, AuditEvent } from './event.ts';
import type { EventTable } from './tables.ts';

/** An event that was counted, before it has its place in the chain. */
export interface CountedEvent extends Omit<AuditEvent, 'action'> {
  readonly action: AuditAction;
  readonly count: number;
  /** Milliseconds since the Unix epoch: the first time, and the last. */
  readonly at: number;
  readonly untilMs: number;
}

/** An event without its hash. */
export type EventFacts = Omit<EventTable, 'hash'>;

/** Where the chain stands. */
export interface Link {
  readonly sequence: number;
  readonly hash: string;
}

const MOST_NAME = 300;
const MOST_DETAIL = 1000;
const MOST_DETAILS = 16;

/** SHA-256 over the hash of the event before and this event as canonical JSON. */
export function eventHash(hashBefore: string, event: EventFacts): string {
  return hash('sha256', hashBefore + canonicalJson({ ...event, hash: undefined }));
}

/**
 * The rows of events that come after a link.
 * @param head of the log of changes, as it is now
 */
export function rowsAfter(
  link: Link,
  head: { readonly revision: number; readonly hash: string },
  events: readonly CountedEvent[],
): readonly EventTable[] {
  let { sequence, hash: hashBefore } = link;
  return events.map((event) => {
    sequence += 1;
    const { caller, target, detail = {} } = event;
    const details = Object.entries(detail).slice(0, MOST_DETAILS);
    const facts: EventFacts = {
      sequence,
      happened_at: event.at,
      action: event.action,
      outcome: event.outcome,
      actor: storable(caller.name),
      credential: storable(caller.credential),
      address: storable(caller.address),
      kind: storable(target?.kind ?? ''),
      namespace: storable(target?.namespace ?? ''),
      name: storable(target?.name ?? ''),
      detail: canonicalJson(
        Object.fromEntries(details.map(([name, text]) => [storable(name), storable(text, MOST_DETAIL)])),
      ),
      count: event.count,
      until_at: event.untilMs,
      head_revision: head.revision,
      head_hash: head.hash,
    };
    hashBefore = eventHash(hashBefore, facts);
    return { ...facts, hash: hashBefore };
  });
}

/** As both engines give it back, and on one line of a terminal: callers choose some of it. */
function storable(text: string, most = MOST_NAME): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut.toWellFormed().replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}
