import type { Clock } from '../clock.ts';
import type { Change, ResourceKey, ResourceLog } from '../registry/log.ts';
import { receiversOf } from './audience.ts';
import type { Subscription } from './audience.ts';
import { eventsOfChange, referredBy, referredIn } from './change-events.ts';
import { deadlineChanges, deadlineDraft, deadlinesOf, dueDays, firstTelling, nextTelling } from './deadlines.ts';
import type { DeliveryStore } from './delivery-store.ts';
import { eventOf } from './event.ts';
import type { TeamEvent } from './event.ts';
import type { AwaitedDeadline } from './row-changes.ts';
import type { EventStore, Place } from './store.ts';
import type { ContractReading, Surroundings } from './surroundings.ts';

export interface TellerPorts {
  readonly log: Pick<ResourceLog, 'head' | 'changesAfter' | 'scan'>;
  readonly store: EventStore;
  readonly deliveries: Pick<DeliveryStore, 'fan' | 'forget'>;
  readonly reading: ContractReading;
  /** What is known of these resources, and of whose everything is. */
  readonly surroundings: (keys: readonly ResourceKey[]) => Promise<Surroundings>;
  readonly subscriptions: () => Promise<readonly Subscription[]>;
  /** What else there is to tell of, such as sidecars. */
  readonly look: (place: Place) => Promise<Place>;
  readonly happened: (events: readonly TeamEvent[]) => void;
  readonly clock: Clock;
}

/** As much as is read at once. */
const PAGE = 200;
const DAY_MS = 24 * 3_600_000;
const FORGET_EVERY_MS = 3_600_000;
/** How long what has happened and what was delivered is shown. */
const KEPT_MS = 30 * DAY_MS;
const DELIVERED_KEPT_MS = 7 * DAY_MS;

/**
 * Makes events of what has changed, and deliveries of events: in one process of all that share a database. Each step is
 * one transaction together with how far it goes, so that whoever goes on tells of everything, once.
 */
export class Teller {
  readonly #ports: TellerPorts;
  #place: Place;
  #unread = 0;
  #forgotAt = -Infinity;

  constructor(ports: TellerPorts, place: Place) {
    this.#ports = ports;
    this.#place = place;
  }

  /** Changes that were not read yet, as far as is known. */
  get unread(): number {
    return this.#unread;
  }

  /** Reads on, to the end. @throws Replaced, DatabaseFault (rejects with them) */
  async round(): Promise<void> {
    const { look } = this.#ports;
    await this.#readLog();
    await this.#tellDeadlines();
    this.#place = await look(this.#place);
    await this.#fan();
    await this.#forget();
  }

  async #readLog(): Promise<void> {
    const { log, store } = this.#ports;
    const head = await log.head();
    if (head.history !== this.#place.history) {
      // A backup was restored here: what it holds was told when it happened.
      this.#place = await store.moveTo(this.#place, head.history, head.revision);
    }
    if (!this.#place.isFilled) await this.#fill();
    for (;;) {
      this.#unread = Math.max(0, head.revision - this.#place.revision);
      const changes = await log.changesAfter(this.#place.revision, PAGE);
      const last = changes.at(-1);
      if (last === undefined) break;
      await this.#takeChanges(changes, last.revision);
    }
    this.#unread = 0;
  }

  /** Finds what ends of all that was there before. */
  async #fill(): Promise<void> {
    const { clock, log, reading, store } = this.#ports;
    const found: AwaitedDeadline[] = [];
    const now = clock.now();
    const apis = new Map<string, unknown>();
    const around = { document: ({ namespace, name }: ResourceKey) => apis.get(`${namespace}/${name}`) };
    // By kind: APIs come before contracts, which may leave their status to a tier.
    await log.scan((page) => {
      for (const { document, ...key } of page) {
        if (key.kind === 'Api') apis.set(`${key.namespace}/${key.name}`, document);
        for (const deadline of deadlinesOf(key, document, around, reading)) {
          const nextAt = firstTelling(deadline, now);
          if (nextAt !== undefined) found.push({ ...deadline, nextAt });
        }
      }
    });
    this.#place = await store.fill(this.#place, found);
  }

  async #takeChanges(changes: readonly Change[], revision: number): Promise<void> {
    const { happened, reading, store, surroundings } = this.#ports;
    const around = await surroundings(changes.flatMap(referredIn));
    const events = changes.flatMap((change) => eventsOfChange(change, around, reading));
    const moved = changes.map((change) => ({ at: change.at, ...deadlineChanges(change, around, reading) }));
    // Of several changes of one resource the last one counts.
    const set = new Map<string, AwaitedDeadline | undefined>();
    const textOf = ({ kind, namespace, name, part }: Omit<AwaitedDeadline, 'endsAt' | 'nextAt'>): string =>
      JSON.stringify([kind, namespace, name, part]);
    for (const each of moved) {
      for (const deadline of each.dropped) set.set(textOf(deadline), undefined);
      for (const deadline of each.set) {
        // Warnings that had passed when it was written are news to nobody.
        const nextAt = nextTelling(deadline, each.at);
        set.set(textOf(deadline), nextAt === undefined ? undefined : { ...deadline, nextAt });
      }
    }
    const dropped = [...moved.flatMap((each) => each.dropped), ...moved.flatMap((each) => each.set)].filter(
      (deadline) => set.get(textOf(deadline)) === undefined,
    );
    const kept = [...set.values()].filter((deadline) => deadline !== undefined);
    this.#place = await store.take(this.#place, { events, set: kept, dropped, revision });
    happened(events);
  }

  async #tellDeadlines(): Promise<void> {
    const { clock, happened, reading, store, surroundings } = this.#ports;
    for (;;) {
      const now = clock.now();
      const due = await store.dueDeadlines(now, PAGE);
      if (due.length === 0) return;
      const itself = await surroundings(due);
      const referred = due.flatMap((deadline) => referredBy(deadline, itself.document(deadline)));
      const around = await surroundings([...due, ...referred]);
      const events: TeamEvent[] = [];
      const set: AwaitedDeadline[] = [];
      const dropped: AwaitedDeadline[] = [];
      for (const deadline of due) {
        const days = dueDays(deadline, now);
        const draft = deadlineDraft(deadline, days, around.document(deadline), around, reading);
        if (draft !== undefined) events.push(eventOf(draft, `${deadline.endsAt} ${deadline.part} ${days}`, now));
        const nextAt = draft && nextTelling(deadline, now);
        if (nextAt === undefined) dropped.push(deadline);
        else set.push({ ...deadline, nextAt });
      }
      this.#place = await store.take(this.#place, { events, set, dropped });
      happened(events);
    }
  }

  async #fan(): Promise<void> {
    const { clock, deliveries, store, subscriptions } = this.#ports;
    for (;;) {
      const events = await store.untold(PAGE);
      if (events.length === 0) return;
      const wanting = await subscriptions();
      const wanted = new Map(events.map((event) => [event, receiversOf(event, wanting)] as const));
      await deliveries.fan(this.#place, wanted, clock.now());
    }
  }

  async #forget(): Promise<void> {
    const { clock, deliveries, store } = this.#ports;
    if (clock.monotonic() - this.#forgotAt < FORGET_EVERY_MS) return;
    this.#forgotAt = clock.monotonic();
    const now = clock.now();
    await deliveries.forget(now - DELIVERED_KEPT_MS, now - KEPT_MS);
    await store.forget(now - KEPT_MS);
  }
}
