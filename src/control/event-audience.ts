import { PLATFORM_TEAM } from '../access/caller.ts';
import { isRecord } from '../document/load.ts';
import { PLATFORM_NAMESPACE, referenceFrom } from '../document/names.ts';
import { mailReceivers } from '../notify/audience.ts';
import type { Subscription } from '../notify/audience.ts';
import type { TeamEvent } from '../notify/event.ts';
import { receiverText } from '../notify/receiver.ts';
import type { PersonSubscription, SubscriptionStore } from '../notify/subscription-store.ts';
import type { Resource } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import type { CurrentIndex } from './current-index.ts';
import { teamOfKey } from './event-surroundings.ts';
import { valueAt } from './facts.ts';
import type { ResourceIndex } from './resource-index.ts';

interface Member {
  readonly user: string;
  readonly role: string;
}

/** Users by team. */
type Members = ReadonlyMap<string, readonly Member[]>;

/** Who reads what is of all teams. */
const EVERYWHERE: ReadonlySet<string> = new Set(['admin', 'auditor', 'viewer']);

/** Who wants to hear of what, as of now: by documents of kind Subscription, and by what people have chosen. */
export class EventAudience {
  readonly #registry: Pick<Registry, 'resources'>;
  readonly #current: CurrentIndex;
  readonly #people: Pick<SubscriptionStore, 'list'>;
  #readFrom = '';
  #members: Members = new Map();
  #documents: readonly Resource[] = [];

  constructor(registry: Pick<Registry, 'resources'>, current: CurrentIndex, people: Pick<SubscriptionStore, 'list'>) {
    this.#registry = registry;
    this.#current = current;
    this.#people = people;
  }

  /** @throws DatabaseFault (rejects with it) */
  async subscriptions(): Promise<readonly Subscription[]> {
    const { index } = await this.#current.current();
    await this.#read(index);
    const people = await this.#people.list(undefined);
    return [
      ...this.#documents.map((resource) => ofTeam(resource, this.#members, index)),
      ...people.map((person) => ofPerson(person, this.#members)),
    ];
  }

  async #read(index: ResourceIndex): Promise<void> {
    const entries = [...index.ofKind('Team'), ...index.ofKind('Subscription')];
    const from = entries.map(({ kind, namespace, name, revision }) => `${kind} ${namespace}/${name} ${revision}`);
    if (from.join('\n') === this.#readFrom) return;
    const resources = entries.length === 0 ? [] : await this.#registry.resources(entries);
    this.#members = new Map(
      resources.filter(({ kind }) => kind === 'Team').map(({ name, document }) => [name, membersOf(document)]),
    );
    this.#documents = resources.filter(({ kind }) => kind === 'Subscription');
    this.#readFrom = from.join('\n');
  }
}

function membersOf(team: unknown): readonly Member[] {
  return listAt(team, 'members').flatMap((member) => {
    if (!isRecord(member)) return [];
    const { user, role } = member;
    return typeof user === 'string' && typeof role === 'string' ? [{ user, role }] : [];
  });
}

function ofTeam({ document, ...key }: Resource, members: Members, index: ResourceIndex): Subscription {
  const team = teamOfKey(key, undefined, index);
  const isPlatforms = key.namespace === PLATFORM_NAMESPACE;
  const roles = listAt(document, 'mail', 'members');
  const ofMembers = (members.get(team) ?? []).filter(({ role }) => roles.includes(role)).map(({ user }) => user);
  const webhooks = textsAt(document, 'webhooks').map((name) =>
    receiverText({ kind: 'webhook', name: referenceFrom(key, name) }),
  );
  return {
    events: textsAt(document, 'events'),
    // In a namespace that no team owns: what no team owns, either.
    mayHear: ({ teams }) => isPlatforms || teams.includes(team),
    receivers: [...webhooks, ...mailReceivers([...ofMembers, ...textsAt(document, 'mail', 'addresses')])],
  };
}

function ofPerson({ person, events, address }: PersonSubscription, members: Members): Subscription {
  const user = person.replace(/^user:/, '');
  return {
    events,
    receivers: mailReceivers([address]),
    mayHear: (event) => isFor(event, user, members),
  };
}

/** Whether somebody is a member of a team that an event concerns, or reads what is of all teams. */
function isFor({ teams }: TeamEvent, user: string, members: Members): boolean {
  const isIn = (team: string, roles?: ReadonlySet<string>): boolean =>
    members.get(team)?.some((each) => each.user === user && (roles === undefined || roles.has(each.role))) === true;
  return isIn(PLATFORM_TEAM, EVERYWHERE) || teams.some((team) => isIn(team));
}

function listAt(document: unknown, ...path: readonly string[]): readonly unknown[] {
  const value = valueAt(document, ['spec', ...path]);
  return Array.isArray(value) ? value : [];
}

function textsAt(document: unknown, ...path: readonly string[]): readonly string[] {
  return listAt(document, ...path).filter((item) => typeof item === 'string');
}
