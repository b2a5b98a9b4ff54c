import { createHash } from 'node:crypto';
import type { Moment } from '../clock.ts';
import { calendarBoundaries } from '../quota/calendar.ts';
import type { Limit } from '../quota/limit.ts';
import type { Demand, Keyspace } from '../quota/store.ts';
import { windowNames } from '../quota/window.ts';
import { PEEK, TAKE } from './scripts.ts';
import type { Script } from './scripts.ts';

/** Undefined or, where JSON was between, null: callers did not choose that key. */
export type Keyspaces = readonly (Keyspace | null | undefined)[];

/** One script with its arguments, as EVALSHA takes them. */
export interface ScriptCall {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
  /** One a key, where callers chose some of them: counters in memory are bounded by it. Redis does not get it. */
  readonly keyspaces?: Keyspaces | undefined;
  /** Its answer counts only when replicas of Redis have what it wrote, where the link asks for that. */
  readonly durable?: boolean;
}

/** The way to whatever runs the scripts. */
export interface ScriptLink {
  readonly available: boolean;
  /** Why it is not available. A sentence without secrets. */
  readonly trouble: string;
  /**
   * Runs a script once.
   * @param until monotonic milliseconds: a later answer is none
   * @param late told the answer that comes too late
   * @throws StoreUnavailable (rejects with it) if it may not have run, or its answer is late
   */
  run(call: ScriptCall, until: number, late?: (reply: readonly number[]) => void): Promise<readonly number[]>;
}

/** What TAKE knows of one window after it ran. */
export interface WindowReply {
  readonly used: number;
  /** µs until it ends; -1: it is not open. */
  readonly leftUs: number;
  /** µs by Redis's clock: distinguishes this window from the one before and the one after it. */
  readonly endUs: number;
}

export interface TakeReply {
  /** Multiples of the demands' costs that were charged. */
  readonly charged: number;
  /** One a demand. */
  readonly epochs: readonly number[];
  /** One list a demand, one window a limit. */
  readonly windows: readonly (readonly WindowReply[])[];
}

/** Longer windows than this never end in practice, and their end would not fit into exact microseconds. */
const LONGEST_MS = 100 * 365.25 * 86_400_000;

const shas = new WeakMap<Script, string>();

/** SHA-1 of the script, which identifies it in Redis. */
export function shaOf(script: Script): string {
  let sha = shas.get(script);
  if (sha === undefined) {
    sha = createHash('sha1').update(script.lua).digest('hex');
    shas.set(script, sha);
  }
  return sha;
}

/** How the keys of counters begin. */
export interface KeyPrefix {
  readonly text: string;
  /** On a Cluster the slot is the hash tag: all keys of one call are on one node. */
  readonly tagged: boolean;
}

/** For counters in this process. */
export const UNTAGGED: KeyPrefix = { text: '', tagged: false };

/** Elsewhere the slot is left out: it changes with the number of an API's quota policies, and counters are to survive that. */
export function keyOf({ text, tagged }: KeyPrefix, { slot, key }: Pick<Demand, 'slot' | 'key'>): string {
  return tagged ? `${text}{${slot}}${key}` : `${text}${key}`;
}

/** How much TAKE is to charge, in multiples of the costs. */
export interface Wish {
  /** At most; 0 only tells. */
  readonly want: number;
  /** Fewer than this are refused. */
  readonly least: number;
  /** So many are for hits that wait; what is granted beyond is a lease. */
  readonly need: number;
  /** Of what remains beyond the need, a lease may have one part in so many. */
  readonly share: number;
}

/**
 * @param costs one a demand
 * @param nowMs wall clock, for the boundaries of calendar windows
 */
export function takeCall(
  prefix: KeyPrefix,
  demands: readonly Demand[],
  costs: readonly number[],
  { want, least, need, share }: Wish,
  nowMs: number,
): ScriptCall {
  const args: (string | number)[] = [want, least, need, share];
  for (let d = 0; d < demands.length; d++) {
    const { limits } = demands[d] as Demand;
    args.push(costs[d] as number, limits.length);
    for (const name of windowNames(limits)) args.push(`u${name}`, `e${name}`);
    for (const { maximumRequests } of limits) args.push(maximumRequests);
    for (const limit of limits) args.push(spanOf(limit, nowMs));
  }
  const keys = demands.map((demand) => keyOf(prefix, demand));
  return { script: want === 0 ? PEEK : TAKE, keys, args, keyspaces: keyspacesOf(demands) };
}

/** For a call that may open counters. */
export function keyspacesOf(demands: readonly Demand[]): Keyspaces | undefined {
  return demands.some(({ keyspace }) => keyspace !== undefined) ? demands.map(({ keyspace }) => keyspace) : undefined;
}

export function readTake(demands: readonly Demand[], reply: readonly number[]): TakeReply {
  let at = 1 + demands.length;
  const windows = demands.map(({ limits }) =>
    limits.map((): WindowReply => {
      at += 3;
      return { used: reply[at - 3] as number, leftUs: reply[at - 2] as number, endUs: reply[at - 1] as number };
    }),
  );
  return { charged: reply[0] as number, epochs: reply.slice(1, 1 + demands.length), windows };
}

/** How long a window is that opens now: microseconds, or the calendar's boundaries in µs. */
export function spanOf({ calendar, timePeriodInMilliseconds }: Limit, nowMs: number): string | number {
  if (calendar === undefined) return Math.min(timePeriodInMilliseconds, LONGEST_MS) * 1000;
  return calendarBoundaries(calendar, nowMs)
    .map((boundary) => boundary * 1000)
    .join(',');
}

/** Debited units, and the windows they are debited from. */
export interface Debit extends Pick<TakeReply, 'epochs' | 'windows'> {
  readonly units: number;
  /** When Redis was asked. */
  readonly asked: Moment;
}
