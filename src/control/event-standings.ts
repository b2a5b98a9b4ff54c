import { PLATFORM_TEAM } from '../access/caller.ts';
import type { Clock } from '../clock.ts';
import { eventOf } from '../notify/event.ts';
import type { Draft, TeamEvent } from '../notify/event.ts';
import type { EventStore, Place } from '../notify/store.ts';
import { subjectOf, titleOf } from '../notify/surroundings.ts';
import type { Surroundings } from '../notify/surroundings.ts';
import type { ResourceKey } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import type { SidecarRecord, SidecarStore } from '../sync/sidecar-store.ts';
import { standingOf } from '../sync/standing.ts';
import { TOKEN } from './event-tokens.ts';
import { keyFrom } from './facts.ts';

export interface StandingPorts {
  readonly registry: Pick<Registry, 'head'>;
  readonly sidecars: Pick<SidecarStore, 'list'>;
  readonly events: Pick<EventStore, 'standings' | 'take'>;
  readonly surroundings: (keys: readonly ResourceKey[]) => Promise<Surroundings>;
  readonly happened: (events: readonly TeamEvent[]) => void;
  readonly clock: Clock;
}

/** All sidecars are read. */
const EVERY_MS = 10_000;
/** A sidecar that says no other time is missed after this one: while it is replaced, nobody is called. */
const MISSED_MS = 600_000;
const SIDECAR = 'Sidecar ';

/** What is as it should not be; `said` is the first of what was said of it. */
interface Trouble {
  readonly standing: 'faulty' | 'stale' | 'withheld';
  readonly said: { readonly field: string; readonly message: string } | undefined;
}

/** Tells when sidecars, and documents that they hold back, come into trouble and out of it. */
export class EventStandings {
  readonly #ports: StandingPorts;
  #lookedAt = -Infinity;

  constructor(ports: StandingPorts) {
    this.#ports = ports;
  }

  /** @throws Replaced, DatabaseFault (rejects with them) */
  async look(place: Place): Promise<Place> {
    const { clock, events, happened, registry, sidecars, surroundings } = this.#ports;
    if (clock.monotonic() - this.#lookedAt < EVERY_MS) return place;
    this.#lookedAt = clock.monotonic();
    const [all, { revision }, told] = await Promise.all([sidecars.list(), registry.head(), events.standings()]);
    const before = new Map([...told].filter(([subject]) => !subject.startsWith(TOKEN)));
    const now = clock.now();
    const troubles = troublesOf(all, revision, now);
    const subjects = [...new Set([...troubles.keys(), ...before.keys()])];
    const changed = subjects.filter((subject) => troubles.get(subject)?.standing !== before.get(subject));
    if (changed.length === 0) return place;
    const keys = changed.filter((subject) => !subject.startsWith(SIDECAR)).map(keyFrom);
    const around = await surroundings(keys);
    const known = new Set(all.map(({ node }) => `${SIDECAR}${node}`));
    const drafts = changed.flatMap((subject) => {
      const trouble = troubles.get(subject);
      if (!subject.startsWith(SIDECAR)) return documentDraft(keyFrom(subject), trouble, around);
      // One that was forgotten is no trouble any more, nor is it well.
      return trouble === undefined && !known.has(subject) ? [] : sidecarDraft(subject.slice(SIDECAR.length), trouble);
    });
    const made = drafts.map((draft) => eventOf(draft, String(now), now));
    const standings = new Map(
      changed.map((subject) => [subject, { standing: troubles.get(subject)?.standing ?? '', at: now }] as const),
    );
    const next = await events.take(place, { events: made, standings });
    happened(made);
    return next;
  }
}

function troublesOf(all: readonly SidecarRecord[], revision: number, now: number): ReadonlyMap<string, Trouble> {
  const found = new Map<string, Trouble>();
  for (const sidecar of all) {
    const { faults, lastContactAt, node } = sidecar;
    const standing = standingOf(sidecar, revision, now);
    const isMissed = standing === 'stale' || (standing === 'unreachable' && now - lastContactAt > MISSED_MS);
    if (isMissed) found.set(`${SIDECAR}${node}`, { standing: 'stale', said: undefined });
    if (standing !== 'faulty') continue;
    found.set(`${SIDECAR}${node}`, { standing: 'faulty', said: faults[0] });
    for (const fault of faults) {
      if (!found.has(fault.resource)) found.set(fault.resource, { standing: 'withheld', said: fault });
    }
  }
  return found;
}

function sidecarDraft(node: string, trouble: Trouble | undefined): readonly Draft[] {
  const about = { kind: 'Sidecar', namespace: '', name: node };
  const teams = [PLATFORM_TEAM];
  switch (trouble?.standing) {
    case undefined:
      return [{ event: 'sidecar.recovered', about, teams, text: `The sidecar ${node} is as it should be again` }];
    case 'stale':
      return [{ event: 'sidecar.stale', about, teams, text: `The sidecar ${node} was not heard for too long` }];
    default:
      return [{ event: 'sidecar.faulty', about, teams, text: `The sidecar ${node} holds documents back` }];
  }
}

function documentDraft(key: ResourceKey, trouble: Trouble | undefined, around: Surroundings): readonly Draft[] {
  const document = around.document(key);
  const about = subjectOf(key, document);
  const teams = [around.teamOf(key, document)];
  const what = `The ${key.kind} ${titleOf(key, document)}`;
  if (trouble === undefined) {
    return [{ event: 'document.enforced', about, teams, text: `${what} is held back by no sidecar any more` }];
  }
  const { field = '', message = '' } = trouble.said ?? {};
  const why = [field, message].filter((part) => part !== '').join(': ');
  return [
    {
      event: 'document.withheld',
      about,
      teams,
      text: `${what} is not enforced by a sidecar: ${why}`,
      data: { field: field === '' ? undefined : field, message },
    },
  ];
}
