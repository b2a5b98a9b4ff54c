import { signal } from '@preact/signals';
import type { WatchRequestJson, WatchResponseJson } from '../../../gen/ostiary/v1/resources_pb.js';
import { callErrorOf } from './call.ts';
import { watchResources } from './methods.ts';
import { isAwayAfter, pauseMs } from './pauses.ts';
import { stream } from './stream.ts';

/** Whether the control plane tells this page what changes. `away`: it does not answer, and is asked again and again. */
export type Connection = 'connecting' | 'connected' | 'away';
export const connection = signal<Connection>('connecting');

/** What has changed: of which kind; undefined: anything may have. */
export type Changed = (kind: string | undefined, change: WatchResponseJson['change']) => void;

const listeners = new Set<Changed>();
const returned = new Set<() => void>();

/** @returns a function that ends it */
export function onChanged(listener: Changed): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Tells when the control plane answers again after it was away: it may be another release. @returns a function that ends it */
export function onReturned(listener: () => void): () => void {
  returned.add(listener);
  return () => returned.delete(listener);
}

/** A sign of life comes every 15 s: without two of them the connection is dead. */
const SILENCE_MS = 40_000;
/** A page that nobody looks at lets go of its connection, and its session may end. */
const HIDDEN_MS = 5 * 60_000;

/** Whatever a view shows. Not Secrets: who follows those has read them, and the audit trail says so. */
export const WATCHED_KINDS: readonly string[] = [
  'Alert',
  'Api',
  'ClientApplication',
  'Configuration',
  'Contract',
  'PolicyBinding',
  'Specification',
  'Subscription',
  'Team',
  'Webhook',
];

/** Follows the log of changes for as long as the page is open. One stream a page, whatever it shows. */
export async function follow(): Promise<never> {
  let at: { history: string; revision: string } | undefined;
  let failures = 0;
  for (;;) {
    await seen();
    const ending = new AbortController();
    const silence = silenceAfter(SILENCE_MS, () => ending.abort());
    let code: string | undefined;
    const hidden = whenHidden(HIDDEN_MS, () => ending.abort());
    try {
      const since = at && { afterRevision: at.revision, history: at.history };
      const request: WatchRequestJson = { kinds: [...WATCHED_KINDS], ...since };
      for await (const { change, history = '', revision = '0' } of stream(watchResources, request, ending.signal)) {
        silence.heard();
        if (connection.value === 'away') for (const each of returned) each();
        connection.value = 'connected';
        failures = 0;
        at = { history, revision };
        if (change !== undefined) tell(change.resource?.kind, change);
      }
    } catch (error) {
      ({ code } = callErrorOf(error));
      // The log is another one, from a backup say: whatever is shown may be wrong.
      if (code === 'failed_precondition' && at !== undefined) {
        at = undefined;
        tell(undefined, undefined);
        continue;
      }
      // Who may read nothing is told nothing.
      if (code === 'permission_denied') connection.value = 'connected';
    } finally {
      silence.end();
      hidden();
    }
    if (document.hidden) continue;
    failures += 1;
    if (isAwayAfter(failures, code)) connection.value = 'away';
    await pause(pauseMs(failures, Math.random()));
  }
}

function tell(kind: string | undefined, change: WatchResponseJson['change']): void {
  for (const listener of listeners) listener(kind, change);
}

/** Resolves once somebody looks at the page. */
function seen(): Promise<void> {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => document.addEventListener('visibilitychange', () => resolve(), { once: true }));
}

function whenHidden(afterMs: number, end: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(end, afterMs);
  };
  document.addEventListener('visibilitychange', look);
  look();
  return () => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', look);
  };
}

function silenceAfter(ms: number, end: () => void): { heard(): void; end(): void } {
  let timer = setTimeout(end, ms);
  return {
    heard() {
      clearTimeout(timer);
      timer = setTimeout(end, ms);
    },
    end: () => clearTimeout(timer),
  };
}

/** Shorter where the network has just come back. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener('online', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener('online', done);
  });
}
