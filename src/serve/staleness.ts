import type { Timers } from '../clock.ts';
import type { Log } from '../observe/log.ts';
import type { Api } from '../snapshot/snapshot.ts';

const LOOK_MS = 1000;

export interface StalenessPorts {
  /** For how long no control plane was heard, in milliseconds. */
  readonly silentMs: () => number;
  /** In force. */
  readonly apis: () => readonly Pick<Api, 'name' | 'maxStaleMs'>[];
  readonly log: Pick<Log, 'error' | 'info'>;
  readonly timers: Timers;
  /** Called about once a second. */
  readonly looked: () => void;
}

/**
 * How long a sidecar serves anything without a control plane: as long as its flag says, but no longer than the last of
 * its APIs, where each has an end.
 * @param flagMs 0: for ever
 * @returns 0: for ever
 */
export function servesForMs(flagMs: number, apis: readonly Pick<Api, 'maxStaleMs'>[]): number {
  let longestMs = 0;
  for (const { maxStaleMs } of apis) {
    if (maxStaleMs === undefined) return flagMs;
    longestMs = Math.max(longestMs, maxStaleMs);
  }
  if (longestMs === 0) return flagMs;
  return flagMs === 0 ? longestMs : Math.min(flagMs, longestMs);
}

/** Tells in the log when requests begin to be denied because no control plane was heard, and when no longer. */
export function watchStaleness(flagMs: number, { silentMs, apis, log, timers, looked }: StalenessPorts): () => void {
  let told = '';
  let cancel = (): void => {};
  const tell = (ms: number): void => {
    const names = apis().flatMap(({ name, maxStaleMs }) => (maxStaleMs !== undefined && ms > maxStaleMs ? [name] : []));
    const isAll = flagMs > 0 && ms > flagMs;
    const denied = isAll ? 'all' : names.join(', ');
    if (denied === told) return;
    told = denied;
    const detail = `no control plane was heard for ${Math.floor(ms / 1000)} s`;
    if (isAll) log.error('every request is denied', { detail: `${detail}, longer than --max-stale` });
    else if (names.length > 0)
      log.error('requests are denied', { detail: `${detail}, longer than maxStale of ${denied}` });
    else log.info('requests are decided again', { detail: 'a control plane was heard' });
  };
  const look = (): void => {
    cancel = timers.after(LOOK_MS, () => {
      looked();
      tell(silentMs());
      look();
    });
  };
  look();
  return () => cancel();
}
