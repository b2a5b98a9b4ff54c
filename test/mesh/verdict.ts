import { isUncounted } from './ledger.ts';
import type { Judged, Ledger } from './ledger.ts';
import type { Machine } from './machine.ts';
import { ALONE_LIMIT } from './scenario.ts';
import type { Line } from './scenario.ts';
import type { Interval, Timeline } from './timeline.ts';

// What the answers of a run prove beside the windows: each function returns the promises that were broken.

/** Timers tick in milliseconds, and the kernel's account is read every five. */
const TICKS_MS = 5;
/** After Redis is back, and before it is told to be away, some Checks still wait for their time-out. */
const MARGIN_MS = 300;
/** `--store-timeout` unless told. */
const STORE_TIMEOUT_MS = 50;

/** How late the answers were; the time in which the machine kept the caller or the replica from running does not count. */
export function lateness(ledger: Ledger, machine: Machine): { late: string[]; answers: number; excused: number } {
  const late: string[] = [];
  let [answers, excused] = [0, 0];
  for (const [line, entries] of ledger.entries) {
    for (const entry of entries) {
      if (entry.outcome === 'lost') continue;
      answers += 1;
      const tookMs = entry.answeredAt - entry.sentAt;
      if (entry.outcome !== 'late' && tookMs <= entry.deadlineMs) continue;
      const interval = { from: entry.sentAt, until: entry.answeredAt };
      const [blindMs, waitedMs] = [machine.blindMs(interval), machine.waitedMs(entry.pid, interval)];
      // The service keeps half of a Check's time for itself: who loses less to the machine has no excuse.
      const lostMs = blindMs + waitedMs + TICKS_MS;
      if (lostMs >= (entry.outcome === 'late' ? entry.deadlineMs / 2 : tookMs - entry.deadlineMs)) {
        excused += 1;
        continue;
      }
      const [took, blind, waited] = [tookMs, blindMs, waitedMs].map(Math.round);
      const what = `${entry.outcome} after ${took} of ${entry.deadlineMs} ms (caller blind ${blind}, replica waited ${waited})`;
      late.push(`${line.client} at ${line.api}, ${entry.replica}: ${what}`);
    }
  }
  return { late, answers, excused };
}

/** Answers that no Check of the line can get in any state that it may have met. */
export function impossible(ledger: Ledger, timeline: Timeline): string[] {
  const faults: string[] = [];
  for (const [line, entries] of ledger.entries) {
    for (const entry of entries) {
      const states = timeline.during({ from: entry.sentAt, until: entry.answeredAt });
      const name = `${line.client} at ${line.api}`;
      if (entry.outcome === 'other') faults.push(`${name}: answered ${entry.status}`);
      if (entry.remaining < 0) faults.push(`${name}: told ${entry.remaining} left`);
      const isUnauthorized = entry.outcome === 'unauthorized';
      if (isUnauthorized && states.every((state) => line.admits(state))) faults.push(`${name}: 401 with a contract`);
      if (entry.outcome === 'allowed' && !states.some((state) => line.admits(state))) {
        faults.push(`${name}: admitted without a contract`);
      }
    }
  }
  return faults;
}

/** Answers without the store. */
export interface Storeless {
  readonly answers: number;
  readonly away: number;
  /** While every replica had joined a Redis that runs. */
  readonly calm: number;
  /** Of these, those that can't have waited as long as a Check may wait for the store. */
  readonly unwaited: number;
}

export function storeless(ledger: Ledger, outages: readonly Interval[]): Storeless {
  const counts = { answers: 0, calm: 0, away: 0, unwaited: 0 };
  for (const [line, entries] of ledger.entries) {
    for (const entry of entries) {
      counts.answers += 1;
      if (entry.outcome !== 'unavailable' && !isUncounted(line, entry)) continue;
      const { sentAt, answeredAt, deadlineMs } = entry;
      const isAway = outages.some(({ from, until }) => answeredAt >= from && sentAt <= until + MARGIN_MS);
      counts[isAway ? 'away' : 'calm'] += 1;
      const mayWaitMs = Math.min(STORE_TIMEOUT_MS, deadlineMs / 2);
      if (!isAway && answeredAt - sentAt < 0.8 * mayWaitMs) counts.unwaited += 1;
    }
  }
  return counts;
}

/**
 * `local` in the long run (`docs/quota.md`, "The bound of `local`"): the limit, and once more what was left of it when
 * Redis went away; and for each replica that was killed, whose debt is lost, or is new and knows of nothing, a share
 * of a whole limit.
 */
export function localFaults(admitted: number, replicas: number, newcomers: number): string[] {
  const share = Math.floor(ALONE_LIMIT / Math.max(1, replicas - 1));
  const bound = 2 * ALONE_LIMIT + 2 * newcomers * share;
  return admitted > bound ? [`${admitted} were admitted by local shares, above ${bound}`] : [];
}

/** For the log: a line for each kind of Check. */
export function outcomes(ledger: Ledger, lines: readonly Line[]): string {
  const counts = lines.map((line) => {
    const groups = Object.entries(Object.groupBy(ledger.of(line), ({ outcome }) => outcome));
    const told = groups.map(([outcome, entries]) => `${outcome} ${entries.length}`).join(', ');
    return `  ${line.client} at ${line.api}: ${ledger.admitted(line)} units; ${told}`;
  });
  return counts.join('\n');
}

/** And one for each counter. */
export function fullness(judged: readonly Judged[]): string {
  const told = judged.map(({ name, placing: { windows, fullest, ambiguous, admissions } }) => {
    return `  ${name}: ${windows} windows, at most ${Math.round(fullest * 100)} % full; ${ambiguous} of ${admissions} ambiguous`;
  });
  return told.join('\n');
}
