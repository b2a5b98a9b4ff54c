import {
  DeliveryState,
  ListDeliveriesResponseSchema,
  ListEventsResponseSchema,
  ListSubscriptionsResponseSchema,
  RedeliverResponseSchema,
  SubscribeResponseSchema,
  UnsubscribeResponseSchema,
} from '../../../gen/ostiary/v1/events_pb.js';
import type { Delivery, Event, Subscription } from '../../../gen/ostiary/v1/events_pb.js';
import { UserError } from '../../errors.ts';
import { integer, list, oneOf, toggle } from '../../flags.ts';
import { didYouMean } from '../../nearest.ts';
import { EVENT_NAMES, problemOfPattern } from '../../notify/event-kinds.ts';
import { printJson } from '../analytics/asking.ts';
import { shown } from '../analytics/shown.ts';
import { table } from '../analytics/table.ts';
import { defineCommand } from '../command.ts';
import { isoText, secondsText } from './moments.ts';
import { callServer, serverFlags } from './server.ts';
import type { Caller } from './server.ts';

const ACTIONS = ['list', 'deliveries', 'redeliver', 'subscribe', 'subscriptions', 'unsubscribe'];
/** The action, and names of events. */
const MOST_ARGUMENTS = 101;

interface Asked {
  readonly limit: number;
  readonly output: 'table' | 'json';
}

/** Events for people, and who hears of them. */
export const command = defineCommand({
  usage: 'events [list|deliveries|redeliver|subscribe|subscriptions|unsubscribe] [ID|EVENT...] [FLAGS]',
  summary:
    'Tells what happened to what your teams own, the latest first. deliveries shows what webhooks and mail addresses were\n' +
    'sent of it, --dead what was given up; redeliver ID sends one again, with the same id.\n' +
    'subscribe EVENT... has you hear of events by mail: contract.approved, "contract.*" or "*". A team hears by a document\n' +
    'of kind Subscription.',
  examples: [
    "events --event 'contract.*'",
    'events deliveries --dead',
    'events redeliver delivery_4f1c09a3b2d85e6f7a8b9c0d',
    "events subscribe contract.requested 'secret.*'",
  ],
  flags: {
    event: list([], 'NAME', 'of list: these events, such as contract.approved or contract.*; repeatable', (given) => {
      const problem = problemOfPattern(given);
      return problem && `${problem}${didYouMean(given, EVENT_NAMES)}`;
    }),
    dead: toggle('of deliveries: those that were given up'),
    limit: integer(100, 1, 1000, 'how many are told'),
    output: { ...oneOf('table', ['table', 'json'], 'a table, or JSON'), short: 'o' },
    ...serverFlags,
  },
  sections: { event: 'Which', limit: 'How', server: 'Where' },
  maxArguments: MOST_ARGUMENTS,
  argumentWords: ACTIONS,
  concerned([action = '']) {
    const common = ['server', 'serverCa', 'requestTimeout', 'tokenFile'] as const;
    if (action === 'list') return ['event', 'limit', 'output', ...common];
    if (action === 'deliveries') return ['dead', 'limit', 'output', ...common];
    if (action === 'subscriptions') return ['output', ...common];
    return ACTIONS.includes(action) ? common : undefined;
  },
  async run({ values, positionals: [action = 'list', ...names] }, environment) {
    const caller = { values, environment };
    const { dead, event } = values;
    const [first, ...more] = names;
    if (ACTIONS.includes(action) && action !== 'subscribe') {
      const extra = action === 'redeliver' || action === 'unsubscribe' ? more[0] : first;
      if (extra !== undefined) throw new UserError(`events ${action} takes no ${JSON.stringify(extra)}`, 2);
    }
    switch (action) {
      case 'list':
        return listEvents(event, values, caller);
      case 'deliveries':
        return listDeliveries(dead, values, caller);
      case 'redeliver':
        return redeliver(first, caller);
      case 'subscribe':
        return subscribe(names, caller);
      case 'subscriptions':
        return listSubscriptions(values, caller);
      case 'unsubscribe':
        return unsubscribe(first, caller);
      default: {
        const meant = didYouMean(action, ACTIONS) || '.';
        throw new UserError(`there is no action ${JSON.stringify(action)}${meant} There are ${ACTIONS.join(', ')}`, 2);
      }
    }
  },
});

async function listEvents(events: readonly string[], { limit, output }: Asked, caller: Caller): Promise<number> {
  const answer = await callServer(
    'EventService/ListEvents',
    { events, pageSize: limit },
    ListEventsResponseSchema,
    caller,
  );
  if (output === 'json') printJson({ events: answer.events.map(eventJson) });
  else if (answer.events.length === 0) process.stdout.write('nothing has happened that concerns your teams\n');
  else {
    const columns = ['WHEN', 'EVENT', 'WHAT'].map((title) => ({ title }));
    process.stdout.write(
      table(
        columns,
        answer.events.map(({ at, event, text }) => [secondsText(at), event, text]),
      ),
    );
  }
  return 0;
}

const STATES: ReadonlyMap<DeliveryState, string> = new Map([
  [DeliveryState.WAITING, 'waiting'],
  [DeliveryState.DELIVERED, 'delivered'],
  [DeliveryState.DEAD, 'dead'],
]);

async function listDeliveries(isDead: boolean, { limit, output }: Asked, caller: Caller): Promise<number> {
  const request = { pageSize: limit, ...(isDead && { states: ['DELIVERY_STATE_DEAD'] }) };
  const { deliveries } = await callServer('EventService/ListDeliveries', request, ListDeliveriesResponseSchema, caller);
  if (output === 'json') printJson({ deliveries: deliveries.map(deliveryJson) });
  else if (deliveries.length === 0) process.stdout.write(isDead ? 'nothing was given up\n' : 'nothing was sent\n');
  else {
    const columns = ['ID', 'EVENT', 'TO', 'STATE', 'ATTEMPTS', 'LAST', 'NEXT', 'WHY'].map((title) => ({
      title,
      isNumber: title === 'ATTEMPTS',
    }));
    const rows = deliveries.map(({ id, event, receiver, state, attempts, sent, due, detail }) => [
      id,
      event?.event ?? '',
      receiver,
      STATES.get(state) ?? 'unknown',
      String(attempts),
      secondsText(sent) || 'never',
      secondsText(due) || '-',
      detail,
    ]);
    process.stdout.write(table(columns, rows));
  }
  return 0;
}

async function redeliver(id: string | undefined, caller: Caller): Promise<number> {
  if (id === undefined) throw new UserError('which one? ostiary events redeliver ID, as events deliveries shows it', 2);
  await callServer('EventService/Redeliver', { id }, RedeliverResponseSchema, caller);
  process.stdout.write(`${shown(id)} is sent again\n`);
  return 0;
}

async function subscribe(events: readonly string[], caller: Caller): Promise<number> {
  if (events.length === 0)
    throw new UserError("to what? ostiary events subscribe contract.approved, 'contract.*' or '*'", 2);
  for (const pattern of events) {
    const problem = problemOfPattern(pattern);
    if (problem !== undefined) throw new UserError(`${problem}${didYouMean(pattern, EVENT_NAMES)}`, 2);
  }
  const { subscription } = await callServer('EventService/Subscribe', { events }, SubscribeResponseSchema, caller);
  process.stdout.write(`${shown(subscription?.id ?? '')}: mails go to ${shown(subscription?.address ?? '')}\n`);
  return 0;
}

async function listSubscriptions({ output }: Asked, caller: Caller): Promise<number> {
  const answer = await callServer('EventService/ListSubscriptions', {}, ListSubscriptionsResponseSchema, caller);
  const { subscriptions } = answer;
  if (output === 'json') printJson({ subscriptions: subscriptions.map(subscriptionJson) });
  else if (subscriptions.length === 0)
    process.stdout.write('you have no subscription: ostiary events subscribe EVENT...\n');
  else {
    const columns = ['ID', 'EVENTS', 'TO', 'SINCE'].map((title) => ({ title }));
    const rows = subscriptions.map(({ id, events, address, created }) => [
      id,
      events.join(', '),
      address,
      secondsText(created),
    ]);
    process.stdout.write(table(columns, rows));
  }
  return 0;
}

async function unsubscribe(id: string | undefined, caller: Caller): Promise<number> {
  if (id === undefined)
    throw new UserError('which one? ostiary events unsubscribe ID, as events subscriptions shows it', 2);
  await callServer('EventService/Unsubscribe', { id }, UnsubscribeResponseSchema, caller);
  process.stdout.write(`${shown(id)} is ended\n`);
  return 0;
}

function eventJson({ id, event, at, by, reason, about, teams, text, data }: Event): object {
  const { kind, namespace, name, displayName = '' } = about ?? {};
  return {
    id,
    event,
    at: isoText(at),
    ...(by !== '' && { by }),
    ...(reason !== '' && { reason }),
    about: { kind, namespace, name, ...(displayName !== '' && { displayName }) },
    teams,
    text,
    data: data ?? {},
  };
}

function deliveryJson({ id, receiver, state, attempts, sent, due, detail, event }: Delivery): object {
  return {
    id,
    receiver,
    state: STATES.get(state) ?? 'unknown',
    attempts,
    ...(sent !== undefined && { sent: isoText(sent) }),
    ...(due !== undefined && { due: isoText(due) }),
    detail,
    ...(event !== undefined && { event: eventJson(event) }),
  };
}

function subscriptionJson({ id, events, address, created }: Subscription): object {
  return { id, events, address, created: isoText(created) };
}
