import type { Fault } from '../../errors.ts';
import { keyText } from '../../registry/conflict.ts';
import type { Resource, ResourceKey } from '../../registry/log.ts';
import { isBelow } from '../../request/path.ts';
import { valueAt } from '../facts.ts';
import type { ResourceIndex } from '../resource-index.ts';
import { namespacesOf, Teams } from '../team-of.ts';
import { hostsMeet, isSamePlace } from './place.ts';
import type { Place } from './place.ts';
import { lets, PlaceIndex } from './place-index.ts';
import type { Held, Holder } from './place-index.ts';

interface Changed {
  readonly key: ResourceKey;
  readonly before: Resource | undefined;
  /** Undefined: it is deleted. */
  readonly document: unknown;
}

interface Findings {
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

const NOTHING: Findings = { faults: [], warnings: [] };
const MOST_TOLD = 5;

/**
 * An API may not take a place that has requests in common with a place of another team's API, unless that API lets it in
 * as a guest. What it has already it keeps, whatever becomes of teams and of guests: nobody loses requests by what another
 * writes. Of two that come at once, one has to let the other in.
 */
export function placeFindings(changes: readonly Changed[], index: ResourceIndex, separate?: string): Findings {
  if (!changes.some(({ key }) => key.kind === 'Api' || key.kind === 'Team')) return NOTHING;
  const check = new PlaceCheck(changes, index, separate);
  const found = changes.flatMap((change) => (change.key.kind === 'Api' ? check.ofApi(change) : []));
  const ofTeams = changes.flatMap((change) => (change.key.kind === 'Team' ? check.ofTeam(change) : []));
  return {
    faults: found.filter(({ severity }) => severity !== 'warning'),
    warnings: [...found.filter(({ severity }) => severity === 'warning'), ...ofTeams],
  };
}

class PlaceCheck {
  readonly #index: ResourceIndex;
  /** The APIs that change, as they are. */
  readonly #before = new Set<Holder>();
  /** The APIs that change, as they become. */
  readonly #after = new PlaceIndex();
  readonly #teams: Teams;
  readonly #teamsBefore: Teams;

  constructor(changes: readonly Changed[], index: ResourceIndex, separate: string | undefined) {
    this.#index = index;
    this.#teams = new Teams(index, changes, separate);
    this.#teamsBefore = new Teams(index, [], separate);
    const apis = changes.filter(({ key }) => key.kind === 'Api');
    for (const { key, document } of apis) {
      const before = index.places.get(key);
      if (before !== undefined) this.#before.add(before);
      if (document !== undefined) this.#after.put(key, ownerOf(document), document);
    }
  }

  ofApi({ key }: Changed): readonly Fault[] {
    const holder = this.#after.get(key);
    if (holder === undefined) return [];
    const own = this.#teams.teamOf(holder);
    const told = new Map<string, Fault>();
    for (const place of holder.places) {
      const one = { place, holder };
      for (const other of this.#meeting(one)) {
        const team = this.#teams.teamOf(other.holder);
        if (team === own || this.#mayMeet(one, other)) continue;
        const isClaim = this.#isClaim(one);
        // The other one is told.
        if (!isClaim && this.#isClaim(other)) continue;
        const isSame = isSamePlace(place, other.place);
        const text = `${place.field} ${team} ${isSame}`;
        if (told.has(text)) continue;
        told.set(text, {
          ...at(key, `spec.${place.field}`, isClaim ? refusal({ team, own, isSame }) : reminder(team)),
          ...(!isClaim && { severity: 'warning' }),
        });
        if (told.size >= MOST_TOLD) return [...told.values()];
      }
    }
    return [...told.values(), ...this.#vainGuests(key, holder)];
  }

  /** APIs that come to belong to other teams than those beside them. */
  ofTeam({ key, before, document }: Changed): readonly Fault[] {
    const [had, has] = [before?.document, document].map((one) => new Set(namespacesOf(one)));
    const namespaces = has?.symmetricDifference(had ?? has) ?? new Set();
    const told: Fault[] = [];
    for (const holder of this.#index.places.holders()) {
      if (!namespaces.has(holder.namespace) || this.#before.has(holder)) continue;
      if (!holder.places.some((place) => this.#isParted({ place, holder }))) continue;
      const message =
        `the API ${holder.namespace}/${holder.name} has requests in common with an API that is now of another team, and ` +
        'neither lets the other in: name the team under guests of one, or move one';
      told.push({ ...at(key, 'spec.namespaces', message), severity: 'warning' });
      if (told.length >= MOST_TOLD) break;
    }
    return told;
  }

  #isParted(one: Held): boolean {
    const [team, before] = [this.#teams, this.#teamsBefore].map((teams) => teams.teamOf(one.holder));
    for (const other of this.#meeting(one)) {
      if (this.#teams.teamOf(other.holder) === team || this.#mayMeet(one, other)) continue;
      if (this.#teamsBefore.teamOf(other.holder) === before) return true;
    }
    return false;
  }

  *#meeting({ place, holder }: Held): Iterable<Held> {
    for (const held of this.#index.places.meeting(place)) {
      if (held.holder !== holder && !this.#before.has(held.holder)) yield held;
    }
    for (const held of this.#after.meeting(place)) if (held.holder !== holder) yield held;
  }

  /** Who has a place already decides who comes there; of two that come at once, or are there, each may let the other in. */
  #mayMeet(one: Held, other: Held): boolean {
    if (isSamePlace(one.place, other.place)) return false;
    const [comes, otherComes] = [this.#isClaim(one), this.#isClaim(other)];
    const isLetIn = (comes || !otherComes) && this.#isGuest(one, other.holder);
    return isLetIn || ((otherComes || !comes) && this.#isGuest(other, one.holder));
  }

  #isGuest({ place, holder }: Held, house: Holder): boolean {
    if (house.guests.length === 0) return false;
    const own = this.#teams.teamOf(holder);
    return house.guests.some(
      (guest) =>
        (guest.team === '*' || guest.team === own || guest.namespace === holder.namespace) && lets(guest, house, place),
    );
  }

  /** Whether the API did not have the place, or another team had it. */
  #isClaim({ place, holder }: Held): boolean {
    if (this.#after.get(holder) !== holder) return false;
    const before = this.#index.places.get(holder);
    if (before === undefined || !before.places.some((each) => isSamePlace(each, place))) return true;
    return this.#teams.teamOf(before) !== this.#teams.teamOf(holder);
  }

  /** Guests that are let in where the API has no request. */
  #vainGuests(key: ResourceKey, holder: Holder): readonly Fault[] {
    return holder.guests.flatMap(({ hosts, basePath }, at_): readonly Fault[] => {
      const within = hosts ?? holder.places.map(({ host }) => host);
      const isMet = ({ host, path }: Place): boolean =>
        within.some((each) => hostsMeet(each, host)) && (isBelow(path, basePath) || isBelow(basePath, path));
      if (holder.places.some(isMet)) return [];
      const message = 'lets nobody in: this API has no requests there';
      return [{ ...at(key, `spec.guests[${at_}]`, message), severity: 'warning' }];
    });
  }
}

function ownerOf(document: unknown): string | undefined {
  const owner = valueAt(document, ['metadata', 'owner']);
  return typeof owner === 'string' ? owner : undefined;
}

/** Of the other API it tells no more than whom to ask. */
function refusal({ team, own, isSame }: { team: string; own: string; isSame: boolean }): string {
  const them = called(team);
  if (isSame) return `belongs to ${them}: choose another host or base path, or ask ${them} to leave it`;
  const remedy = isNamespace(team) ? 'let it in by an AccessGrant' : `name ${called(own)} under guests of its API`;
  return `has requests in common with a place of ${them}: ask it to ${remedy}, or choose another host or base path`;
}

/** A namespace of a cluster is a team of its own: see {@link Teams}. */
function isNamespace(team: string): boolean {
  return team.startsWith('namespace ');
}

function called(team: string): string {
  return isNamespace(team) ? `the ${team}` : `the team ${team}`;
}

function reminder(team: string): string {
  return (
    `has requests in common with a place of ${called(team)}, and neither lets the other in: what is here stays; ` +
    'name the team under guests of one, or move one'
  );
}

function at(key: ResourceKey, field: string, message: string): Fault {
  return { file: keyText(key), line: 0, column: 0, field, message };
}
