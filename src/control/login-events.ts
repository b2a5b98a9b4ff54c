import { PLATFORM_TEAM } from '../access/caller.ts';
import type { Clock } from '../clock.ts';
import { eventOf } from '../notify/event.ts';
import type { TeamEvent } from '../notify/event.ts';
import type { People } from '../people/people.ts';
import { LOCAL } from '../people/people.ts';

export interface LoginEventPorts {
  readonly people: Pick<People, 'find'>;
  readonly record: (events: readonly TeamEvent[]) => Promise<void>;
  readonly clock: Clock;
  readonly failed: (error: unknown) => void;
}

/** Called where an attempt to log in was not taken, because there were too many. */
export type LoginLimited = (account: string, address: string) => void;

/** An account is told of so often, however it is tried. */
const EVERY_MS = 3_600_000;
const MOST_ACCOUNTS = 10_000;

/** Tells that an account can't be logged in to for a while. Accounts that nobody has are not told of. */
export function loginLimits({ people, record, clock, failed }: LoginEventPorts): LoginLimited {
  const toldAt = new Map<string, number>();
  const tell = async (name: string, address: string): Promise<void> => {
    if ((await people.find(name)) === undefined) return;
    const now = clock.now();
    const text = `Nobody may log in as ${name} for a while: there were too many attempts, the last one from ${address}`;
    const about = { kind: 'Account', namespace: '', name };
    const data = { address, person: name };
    const seen = String(Math.floor(now / EVERY_MS));
    await record([eventOf({ event: 'login.limited', about, teams: [PLATFORM_TEAM], text, data }, seen, now)]);
  };
  return (account, address) => {
    const now = clock.monotonic();
    const name = `${LOCAL}${account}`;
    if (now - (toldAt.get(name) ?? -Infinity) < EVERY_MS) return;
    toldAt.delete(name);
    toldAt.set(name, now);
    const [oldest] = toldAt.keys();
    if (toldAt.size > MOST_ACCOUNTS && oldest !== undefined) toldAt.delete(oldest);
    void tell(name, address).catch(failed);
  };
}
