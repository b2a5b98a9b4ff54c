import type { Clock, Timers } from '../clock.ts';
import type { Log } from '../observe/log.ts';

const LOOK_MS = 5000;
/** The most that both clocks drift apart in that time; more means that the wall clock was set. */
const MOST_DRIFT_MS = 2000;

export interface ClockPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Pick<Log, 'warn'>;
}

/**
 * Says when the wall clock was set: what is counted by time has a gap there, or two times in one place.
 * @returns ends it
 */
export function tellSetClock({ clock, timers, log }: ClockPorts): () => void {
  let [wall, mono] = [clock.now(), clock.monotonic()];
  let cancel = (): void => {};
  const look = (): void => {
    const [nowWall, nowMono] = [clock.now(), clock.monotonic()];
    const driftMs = nowWall - wall - (nowMono - mono);
    [wall, mono] = [nowWall, nowMono];
    if (Math.abs(driftMs) > MOST_DRIFT_MS) {
      const seconds = Math.round(driftMs / 1000);
      const meaning = seconds > 0 ? 'the time between has no requests' : 'the time since then has those of both';
      log.warn('the clock was set: requests count at the time that it told', { detail: `by ${seconds} s: ${meaning}` });
    }
    cancel = timers.after(LOOK_MS, look);
  };
  cancel = timers.after(LOOK_MS, look);
  return () => cancel();
}
