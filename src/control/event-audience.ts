import { PLATFORM_TEAM } from '../access/caller.ts';
import { grantsOf } from '../access/memberships.ts';
import type { Memberships } from '../access/memberships.ts';
import { PLATFORM_NAMESPACE, referenceFrom } from '../document/names.ts';
import { mailReceivers } from '../notify/audience.ts';
import type { Subscription } from '../notify/audience.ts';
import { receiverText } from '../notify/receiver.ts';
import type { PersonSubscription, SubscriptionStore } from '../notify/subscription-store.ts';
import type { Resource } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import type { CurrentIndex } from './current-index.ts';
import { mayHear } from './event-rights.ts';
import { valueAt } from './facts.ts';
import type { ResourceIndex } from './resource-index.ts';
import { teamsIn } from './teams-in.ts';

/** What is known of somebody who has logged in. */
export interface KnownPerson {
  /** As of their last login. */
  readonly groups: readonly string[];
  readonly isDisabled: boolean;
}

export interface EventAudiencePorts {
  readonly registry: Pick<Registry, 'resources'>;
  readonly index: CurrentIndex;
  readonly subscriptions: Pick<SubscriptionStore, 'list'>;
  /** Undefined: nobody of this name may log in. */
  readonly person: (name: string) => Promise<KnownPerson | undefined>;
}

/** Who wants to hear of what, as of now: by documents of kind Subscription, and by what people have chosen. */
export class EventAudience {
  readonly #ports: EventAudiencePorts;
  #readFrom = '';
  #documents: readonly Resource[] = [];

  constructor(ports: EventAudiencePorts) {
    this.#ports = ports;
  }

  /** @throws DatabaseFault (rejects with it) */
  async subscriptions(): Promise<readonly Subscription[]> {
    const { index: current, person, subscriptions } = this.#ports;
    const { index } = await current.current();
    await this.#read(index);
    const memberships = teamsIn(index);
    const chosen = await subscriptions.list(undefined);
    const people = new Map<string, KnownPerson | undefined>();
    for (const { person: name } of chosen) if (!people.has(name)) people.set(name, await person(name));
    return [
      ...this.#documents.map((resource) => ofTeam(resource, index, memberships)),
      ...chosen.flatMap((each) => ofPerson(each, people.get(each.person), memberships)),
    ];
  }

  async #read(index: ResourceIndex): Promise<void> {
    const entries = index.ofKind('Subscription');
    const from = entries.map(({ namespace, name, revision }) => `${namespace}/${name} ${revision}`).join('\n');
    if (from === this.#readFrom) return;
    this.#documents = entries.length === 0 ? [] : await this.#ports.registry.resources(entries);
    this.#readFrom = from;
  }
}

function ofTeam({ document, ...key }: Resource, index: ResourceIndex, { teamByNamespace }: Memberships): Subscription {
  const team = teamByNamespace.get(key.namespace) ?? PLATFORM_TEAM;
  const isPlatforms = key.namespace === PLATFORM_NAMESPACE;
  const webhooks = textsAt(document, 'webhooks').map((name) =>
    receiverText({ kind: 'webhook', name: referenceFrom(key, name) }),
  );
  const members = addressesOf(team, textsAt(document, 'mail', 'members'), index);
  return {
    events: textsAt(document, 'events'),
    // In a namespace that no team owns: what no team owns, either.
    mayHear: ({ teams }) => isPlatforms || teams.includes(team),
    receivers: [...webhooks, ...mailReceivers([...members, ...textsAt(document, 'mail', 'addresses')])],
  };
}

/** Users of the identity provider who have one of these roles in a team, as it calls them. */
function addressesOf(team: string, roles: readonly string[], index: ResourceIndex): readonly string[] {
  const members = index.ofKind('Team').find(({ name }) => name === team)?.facts.members ?? [];
  return members.flatMap(({ role, subject }) =>
    roles.includes(role) && subject.startsWith('user:') ? [subject.slice('user:'.length)] : [],
  );
}

function ofPerson(
  { person: name, events, address }: PersonSubscription,
  person: KnownPerson | undefined,
  memberships: Memberships,
): readonly Subscription[] {
  if (person === undefined || person.isDisabled) return [];
  const identity = { name, credential: '', address: '', isBootstrap: false, groups: person.groups };
  const grants = grantsOf(identity, memberships);
  return [
    {
      events,
      receivers: mailReceivers([address]),
      mayHear: (event) => event.data['person'] === name || mayHear(grants, event),
    },
  ];
}

function textsAt(document: unknown, ...path: readonly string[]): readonly string[] {
  const value = valueAt(document, ['spec', ...path]);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
