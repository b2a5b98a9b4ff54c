import { PLATFORM_TEAM } from '../access/caller.ts';
import type { Clock } from '../clock.ts';
import { eventOf } from '../notify/event.ts';
import type { TeamEvent } from '../notify/event.ts';
import type { EventStore, Place } from '../notify/store.ts';
import type { AccessToken } from '../people/access-tokens.ts';

export interface TokenPorts {
  /** All access tokens. */
  readonly tokens: () => Promise<readonly AccessToken[]>;
  readonly events: Pick<EventStore, 'standings' | 'take'>;
  readonly happened: (events: readonly TeamEvent[]) => void;
  readonly clock: Clock;
}

const EVERY_MS = 60_000;
const DAY_MS = 86_400_000;
const WARNED_DAYS = [7, 1];
const ENDED = 'ended';
/** Of the subjects of standings. */
export const TOKEN = 'Token ';

/** Tells that access tokens end soon, and have ended. */
export class EventTokens {
  readonly #ports: TokenPorts;
  #lookedAt = -Infinity;

  constructor(ports: TokenPorts) {
    this.#ports = ports;
  }

  /** @throws Replaced, DatabaseFault (rejects with them) */
  async look(place: Place): Promise<Place> {
    const { clock, events, happened, tokens } = this.#ports;
    if (clock.monotonic() - this.#lookedAt < EVERY_MS) return place;
    this.#lookedAt = clock.monotonic();
    const [all, before] = await Promise.all([tokens(), events.standings()]);
    const now = clock.now();
    const told: TeamEvent[] = [];
    const standings = new Map<string, { readonly standing: string; readonly at: number }>();
    const present = new Set<string>();
    for (const token of all) {
      const subject = `${TOKEN}${token.id}`;
      const standing = token.revokedAt > 0 ? undefined : standingOf(token, now);
      if (standing === undefined) continue;
      present.add(subject);
      if (before.get(subject) === standing) continue;
      standings.set(subject, { standing, at: now });
      // One that was never warned of had ended before anybody looked.
      if (standing !== ENDED || before.has(subject)) told.push(eventOf(draftOf(token, standing), standing, now));
    }
    for (const subject of before.keys()) {
      if (subject.startsWith(TOKEN) && !present.has(subject)) standings.set(subject, { standing: '', at: now });
    }
    if (standings.size === 0) return place;
    const next = await events.take(place, { events: told, standings });
    happened(told);
    return next;
  }
}

/** @returns undefined: it does not end soon, or has long ended */
function standingOf({ createdAt, expiresAt }: AccessToken, now: number): string | undefined {
  const left = expiresAt - now;
  if (left <= 0) return left > -DAY_MS ? ENDED : undefined;
  // Who makes one for so short a time knows.
  const days = WARNED_DAYS.findLast((each) => left <= each * DAY_MS && expiresAt - createdAt > each * DAY_MS);
  return days === undefined ? undefined : String(days);
}

function draftOf({ expiresAt, name, person, team }: AccessToken, standing: string) {
  const of = team === '' ? person : `the team ${team}`;
  const ends = new Date(expiresAt).toISOString();
  const hasEnded = standing === ENDED;
  return {
    event: hasEnded ? 'token.expired' : 'token.expiring',
    about: { kind: 'Token', namespace: '', name },
    teams: [team === '' ? PLATFORM_TEAM : team],
    text: hasEnded
      ? `The access token ${name} of ${of} has ended`
      : `The access token ${name} of ${of} ends at ${ends}`,
    data: { endsAt: ends, person: person === '' ? undefined : person },
  } as const;
}
