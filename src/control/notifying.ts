import type { Clock, Timers } from '../clock.ts';
import { PostgresElection } from '../database/postgres-election.ts';
import type { Egress } from '../egress/egress.ts';
import { Deliverer } from '../notify/deliverer.ts';
import { DeliveryStore } from '../notify/delivery-store.ts';
import type { TeamEvent } from '../notify/event.ts';
import { HeldMailStore } from '../notify/held-mail.ts';
import { createNotifyMetrics } from '../notify/notify-metrics.ts';
import { receiverFrom } from '../notify/receiver.ts';
import { Rounds } from '../notify/rounds.ts';
import { sending } from '../notify/sending.ts';
import type { MailSender } from '../notify/sending.ts';
import { EventStore, openNotifyDatabase } from '../notify/store.ts';
import { SubscriptionStore } from '../notify/subscription-store.ts';
import { Teller } from '../notify/teller.ts';
import type { TellerPorts } from '../notify/teller.ts';
import type { Log } from '../observe/log.ts';
import type { Registry as MetricsRegistry } from '../observe/prometheus.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import type { OpenedRegistry } from '../registry/open.ts';
import { CentralAlerts } from './central-alerts.ts';
import type { CentralAlertsPorts } from './central-alerts.ts';
import { statusOf } from './contract-states.ts';
import type { CurrentIndex } from './current-index.ts';
import { EventAudience } from './event-audience.ts';
import type { EventAudiencePorts } from './event-audience.ts';
import { EventStandings } from './event-standings.ts';
import type { StandingPorts } from './event-standings.ts';
import { surroundingsOf } from './event-surroundings.ts';
import { EventTokens } from './event-tokens.ts';
import type { TokenPorts } from './event-tokens.ts';
import type { ResourceIndex } from './resource-index.ts';

export interface NotifyingPorts extends Pick<OpenedRegistry, 'registry' | 'database'> {
  /** `postgres://…`: one of several control planes tells people; undefined: there is no other. */
  readonly databaseUrl: string | undefined;
  readonly index: CurrentIndex;
  readonly checking: Pick<CentralAlertsPorts, 'policyKinds' | 'environment' | 'open'>;
  readonly call: Egress['call'];
  readonly sidecars: StandingPorts['sidecars'];
  readonly tokens: TokenPorts['tokens'];
  readonly person: EventAudiencePorts['person'];
  /** Undefined: no mail is sent. */
  readonly mail: MailSender | undefined;
  /** How many mails an address is sent in an hour. */
  readonly mailsPerHour: number;
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
}

/** Events for people, and where they are kept. */
export interface Notifying {
  readonly events: EventStore;
  readonly deliveries: DeliveryStore;
  readonly subscriptions: SubscriptionStore;
  /** For what the log does not tell. Each id is told once. @throws DatabaseFault (rejects with it) */
  record(events: readonly TeamEvent[]): Promise<void>;
  /** Something is to be sent, maybe by another control plane. */
  hint(): void;
  close(): Promise<void>;
}

const APPLICATION = 'ostiary events';

/** Tells people of what happens: of the control planes of one database, one does. @throws DatabaseFault (rejects with it) */
export async function openNotifying(ports: NotifyingPorts): Promise<Notifying> {
  const { clock, checking, database, databaseUrl, index, log, mail, random, registry, timers } = ports;
  const own = await openNotifyDatabase(database);
  const [events, deliveries, subscriptions] = [new EventStore(own), new DeliveryStore(own), new SubscriptionStore(own)];
  const head = await registry.head();
  await events.begin(head.history, head.revision);
  const webhooks = await CentralAlerts.open({
    ...checking,
    registry,
    index,
    clock,
    timers,
    concerned: webhooksOf,
    onFault: (detail) => log.error('webhooks of subscriptions are as they were', { detail }),
  });
  const audience = new EventAudience({ registry, index, subscriptions, person: ports.person });
  let office: Office | undefined;
  const metrics = createNotifyMetrics(ports.metrics, {
    isElected: () => office !== undefined,
    unread: () => office?.teller()?.unread ?? 0,
  });
  let hasFailed = false;
  const failed = (error: unknown): void => {
    if (!hasFailed) log.error('events are not told for now', { detail: messageOf(error) });
    hasFailed = true;
  };
  const happened = (told: readonly TeamEvent[]): void => {
    hasFailed = false;
    for (const { event } of told) metrics.happened(event);
  };
  const surroundings = (keys: readonly ResourceKey[]) => surroundingsOf(keys, registry, index);
  const begin = (resign: () => void): Office => {
    const deliverer = new Deliverer({
      store: deliveries,
      send: sending({ call: ports.call, webhook: (name) => webhooks.alerting().webhooks.get(name), mail }),
      mails: mail && {
        store: new HeldMailStore(own),
        sendTogether: (address, together, most) => mail.sendTogether(address, together, most),
        most: ports.mailsPerHour,
      },
      clock,
      timers,
      random,
      failed,
      gaveUp: (receiver, count, why) => {
        if (count === 0) return;
        metrics.attempted(receiverFrom(receiver).kind, 'dead', count);
        log.error('events not delivered', { detail: `${count} to a ${receiverFrom(receiver).kind}: ${why}` });
      },
      told: ({ receiver, event, id }, result, detail) => {
        metrics.attempted(receiverFrom(receiver).kind, result);
        if (result !== 'delivered') {
          log[result === 'dead' ? 'error' : 'warn'](
            result === 'dead' ? 'event not delivered' : 'event not delivered yet',
            {
              detail: `${event.event} ${id}: ${detail}`,
            },
          );
        }
      },
    });
    const standings = new EventStandings({ registry, sidecars: ports.sidecars, events, surroundings, happened, clock });
    const tokens = new EventTokens({ tokens: ports.tokens, events, happened, clock });
    const tellerPorts: TellerPorts = {
      log: registry,
      store: events,
      deliveries,
      reading: { statusOf },
      surroundings,
      subscriptions: () => audience.subscriptions(),
      look: async (place) => tokens.look(await standings.look(place)),
      happened,
      clock,
    };
    let teller: Teller | undefined;
    const rounds = new Rounds({
      timers,
      random,
      failed,
      replaced: resign,
      async round() {
        teller ??= new Teller(tellerPorts, await events.enter());
        await teller.round();
        await deliverer.look();
      },
    });
    return {
      teller: () => teller,
      hint: () => rounds.hint(),
      async close() {
        deliverer.close();
        await rounds.close();
      },
    };
  };
  const end = async (): Promise<void> => {
    const ended = office;
    office = undefined;
    await ended?.close();
  };
  const election =
    databaseUrl === undefined
      ? undefined
      : new PostgresElection({
          url: databaseUrl,
          office: 'events',
          applicationName: APPLICATION,
          timers,
          random,
          onElected: () => (office = begin(() => election?.resign())),
          onLost: () => void end(),
        });
  if (election === undefined) office = begin(() => void end());
  const stopListening = registry.onChange(() => office?.hint());
  const hint = (): void => office?.hint();
  return {
    events,
    deliveries,
    subscriptions,
    hint,
    async record(recorded) {
      await events.record(recorded);
      hint();
    },
    async close() {
      stopListening();
      await end();
      await election?.close();
      await webhooks.close();
      mail?.close();
    },
  };
}

interface Office {
  teller(): Teller | undefined;
  hint(): void;
  close(): Promise<void>;
}

/** With the Secrets that they read. */
function webhooksOf(index: ResourceIndex): readonly string[] {
  const webhooks = index.ofKind('Webhook');
  const secrets = webhooks.flatMap(({ facts }) => facts.refers).filter((text) => index.get(text) !== undefined);
  return [...new Set([...webhooks.map(keyText), ...secrets])];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
