import { create } from '@bufbuild/protobuf';
import type { JsonObject } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  DeliveryState,
  EventService,
  ListDeliveriesRequestSchema,
  ListDeliveriesResponseSchema,
  ListEventsRequestSchema,
  ListEventsResponseSchema,
  ListSubscriptionsRequestSchema,
  ListSubscriptionsResponseSchema,
  RedeliverRequestSchema,
  RedeliverResponseSchema,
  SubscribeRequestSchema,
  SubscribeResponseSchema,
  UnsubscribeRequestSchema,
  UnsubscribeResponseSchema,
} from '../../gen/ostiary/v1/events_pb.js';
import type { Caller } from '../access/caller.ts';
import type { Clock } from '../clock.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import type { ListedDelivery } from '../notify/delivery-store.ts';
import { isMeant, problemOfPattern } from '../notify/event-kinds.ts';
import type { TeamEvent } from '../notify/event.ts';
import { isMailAddress } from '../notify/mail-address.ts';
import type { PersonSubscription } from '../notify/subscription-store.ts';
import type { DeliveryState as KeptState } from '../notify/tables.ts';
import type { ControlAccess } from './access.ts';
import type { CurrentIndex } from './current-index.ts';
import { maySee, receiversSeen, teamsSeen } from './event-rights.ts';
import { guardedUnary } from './guarded.ts';
import type { Notifying } from './notifying.ts';
import { refuseNarrowed } from './people-rights.ts';

export interface EventServicePorts {
  readonly notifying: Pick<Notifying, 'events' | 'deliveries' | 'subscriptions' | 'hint'>;
  readonly index: CurrentIndex;
  readonly access: ControlAccess;
  readonly clock: Clock;
  /** So many bytes that nobody can guess. */
  readonly randomBytes: (count: number) => Buffer;
}

const PAGE = 100;
const LARGEST_PAGE = 1000;
const MOST_SUBSCRIPTIONS = 50;
const MOST_PATTERNS = 100;

const STATES: ReadonlyMap<string, DeliveryState> = new Map<KeptState, DeliveryState>([
  ['waiting', DeliveryState.WAITING],
  ['delivered', DeliveryState.DELIVERED],
  ['dead', DeliveryState.DEAD],
]);

/** The methods of `ostiary.v1.EventService`. */
export function eventMethods({ notifying, index, access, clock, randomBytes }: EventServicePorts): readonly Method[] {
  const { events, deliveries, subscriptions } = notifying;
  const define = guardedUnary(EventService.typeName, access);
  return [
    define('ListEvents', ListEventsRequestSchema, ListEventsResponseSchema, async (request, caller) => {
      const limit = pageSizeOf(request.pageSize);
      checkPatterns(request.events);
      const { pageToken, events: patterns } = request;
      if (!/^\d{0,15}$/.test(pageToken)) throw invalid('page_token is none that a response had');
      const found: TeamEvent[] = [];
      let before = pageToken === '' ? undefined : Number(pageToken);
      for (;;) {
        // One more shows whether there are more.
        const page = await events.list({ teams: teamsSeen(caller), before, limit: LARGEST_PAGE });
        for (const { place, event } of page) {
          if (!maySee(caller, event)) continue;
          if (patterns.length > 0 && !patterns.some((pattern) => isMeant(pattern, event.event))) continue;
          if (found.length === limit) {
            return create(ListEventsResponseSchema, { events: found.map(messageOf), nextPageToken: String(before) });
          }
          found.push(event);
          before = place;
        }
        const last = page.at(-1);
        if (last === undefined || page.length < LARGEST_PAGE) break;
        before = last.place;
      }
      return create(ListEventsResponseSchema, { events: found.map(messageOf) });
    }),
    define(
      'ListDeliveries',
      ListDeliveriesRequestSchema,
      ListDeliveriesResponseSchema,
      async ({ states, pageSize }, caller) => {
        const wanted = [...STATES].flatMap(([kept, state]) =>
          states.length === 0 || states.includes(state) ? [kept as KeptState] : [],
        );
        const receivers = receiversSeen(caller, (await index.current()).index);
        const found = await deliveries.list({ states: wanted, receivers, limit: pageSizeOf(pageSize) });
        return create(ListDeliveriesResponseSchema, { deliveries: found.map(deliveryMessage) });
      },
    ),
    define('Redeliver', RedeliverRequestSchema, RedeliverResponseSchema, async ({ id }, caller) => {
      const found = await deliveries.find(id);
      const receivers = receiversSeen(caller, (await index.current()).index, 'send');
      if (found === undefined || (receivers !== undefined && !receivers.includes(found.receiver))) {
        throw new RpcError(
          Code.notFound,
          'there is no such delivery, or it is not yours to send: ostiary events deliveries',
        );
      }
      if (!(await deliveries.again(id, clock.now()))) {
        throw new RpcError(Code.failedPrecondition, 'it waits already, and is sent by itself');
      }
      notifying.hint();
      return create(RedeliverResponseSchema);
    }),
    define('Subscribe', SubscribeRequestSchema, SubscribeResponseSchema, async (request, caller) => {
      refuseNarrowed(caller, 'subscribe');
      const address = addressOf(caller);
      if (request.events.length === 0) throw invalid('events is empty: name one, such as contract.approved');
      checkPatterns(request.events);
      if ((await subscriptions.list(caller.name)).length >= MOST_SUBSCRIPTIONS) {
        throw new RpcError(
          Code.resourceExhausted,
          `you have ${MOST_SUBSCRIPTIONS} subscriptions: end one first (ostiary events unsubscribe ID)`,
        );
      }
      const subscription: PersonSubscription = {
        id: `subscription_${randomBytes(12).toString('hex')}`,
        person: caller.name,
        events: [...new Set(request.events)],
        address,
        createdAt: clock.now(),
      };
      await subscriptions.add(subscription);
      return create(SubscribeResponseSchema, { subscription: subscriptionMessage(subscription) });
    }),
    define(
      'ListSubscriptions',
      ListSubscriptionsRequestSchema,
      ListSubscriptionsResponseSchema,
      async (_request, { name }) => {
        const found = await subscriptions.list(name);
        return create(ListSubscriptionsResponseSchema, { subscriptions: found.map(subscriptionMessage) });
      },
    ),
    define('Unsubscribe', UnsubscribeRequestSchema, UnsubscribeResponseSchema, async ({ id }, caller) => {
      refuseNarrowed(caller, 'unsubscribe');
      if (await subscriptions.remove(caller.name, id)) return create(UnsubscribeResponseSchema);
      throw new RpcError(Code.notFound, 'you have no such subscription: ostiary events subscriptions');
    }),
  ];
}

function invalid(message: string): RpcError {
  return new RpcError(Code.invalidArgument, message);
}

/** @throws RpcError */
function pageSizeOf(given: number): number {
  if (given > LARGEST_PAGE) throw invalid(`page_size is at most ${LARGEST_PAGE}`);
  return given === 0 ? PAGE : given;
}

/** @throws RpcError */
function checkPatterns(patterns: readonly string[]): void {
  if (patterns.length > MOST_PATTERNS) throw invalid(`events has more than ${MOST_PATTERNS} names`);
  for (const [at, pattern] of patterns.entries()) {
    const problem = problemOfPattern(pattern);
    if (problem !== undefined) throw invalid(`events[${at}]: ${problem}; docs/events.md lists them`);
  }
}

/** Where mails for a person go. @throws RpcError */
function addressOf({ name, person = name }: Caller): string {
  const address = person.replace(/^user:/, '');
  if (person !== name || !person.startsWith('user:')) {
    const remedy = 'a team hears by a document of kind Subscription (docs/events.md)';
    throw new RpcError(
      Code.failedPrecondition,
      `${name} has no mail address here, as people of an identity provider have: ${remedy}`,
    );
  }
  if (isMailAddress(address)) return address;
  throw new RpcError(Code.failedPrecondition, `the identity provider calls you ${address}, which is no mail address`);
}

function messageOf({ id, event, at, by = '', reason = '', about, teams, text, data }: TeamEvent) {
  const { kind, namespace, name, displayName = '' } = about;
  return {
    id,
    event,
    at: timestampFromMs(Date.parse(at)),
    by,
    reason,
    about: { kind, namespace, name, displayName },
    teams: [...teams],
    text,
    data: { ...data } as JsonObject,
  };
}

function deliveryMessage(delivery: ListedDelivery) {
  const { id, receiver, state, attempts, due_at, sent_at, detail, event } = delivery;
  return {
    id,
    receiver,
    state: STATES.get(state) ?? DeliveryState.UNSPECIFIED,
    attempts,
    ...(sent_at > 0 && { sent: timestampFromMs(sent_at) }),
    ...(state === 'waiting' && { due: timestampFromMs(due_at) }),
    detail,
    event: messageOf(event),
  };
}

function subscriptionMessage({ id, events, address, createdAt }: PersonSubscription) {
  return { id, events: [...events], address, created: timestampFromMs(createdAt) };
}
