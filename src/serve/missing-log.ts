import type { Timers } from '../clock.ts';
import type { Log } from '../observe/log.ts';
import { Gauge } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';
import { keepsHistory } from './analytics-history.ts';
import type { ServeFlags } from './serve-flags.ts';

/** Envoy opens its stream with the first entry, at the latest a second after the first request has ended. */
const LOOK_MS = 60_000;
/** The metric of Checks that were decided. */
export const CHECKS = 'ostiary_checks_total';
const TOLD_AGAIN_LOOKS = 60;

export interface MissingLogPorts {
  readonly registry: Registry;
  readonly log: Pick<Log, 'warn'>;
  readonly timers: Timers;
  /** How many Checks were decided so far. */
  readonly decided: () => Promise<number>;
}

/** If there is a history or a sink: reports that Checks are decided although no Envoy streams its access log. */
export interface MissingLog {
  /** To be called at the first stream. */
  found(): void;
  close(): void;
}

/** Whether history or events are made of the log. */
export function isLogWanted(flags: ServeFlags): boolean {
  const { eventsFile, eventsOtlp, eventsWebhook } = flags;
  return keepsHistory(flags) || (eventsFile ?? eventsOtlp ?? eventsWebhook) !== undefined;
}

export function watchForLog({ registry, log, timers, decided: decisions }: MissingLogPorts): MissingLog {
  const missing = new Gauge({
    name: 'ostiary_access_log_missing',
    help: '1 while Checks are decided and no Envoy has ever streamed its access log. Where history or events are kept.',
    registers: [registry],
  });
  missing.set(0);
  let looks = 0;
  let cancel = timers.after(LOOK_MS, () => void look());
  let isOver = false;

  async function look(): Promise<void> {
    const decided = await decisions();
    if (isOver) return;
    if (decided > 0) {
      missing.set(1);
      if (looks % TOLD_AGAIN_LOOKS === 0) {
        const detail = `${decided} Checks were decided, and no Envoy has streamed its access log to --listen: requests are not counted. ostiary generate … --access-log writes the logger, ostiary validate --envoy FILE finds what is wrong with one`;
        log.warn('no access log', { detail });
      }
      looks += 1;
    }
    cancel = timers.after(LOOK_MS, () => void look());
  }

  const close = (): void => {
    isOver = true;
    cancel();
  };
  return {
    found() {
      close();
      missing.set(0);
    },
    close,
  };
}

export async function decisionsIn(registry: Registry): Promise<number> {
  const scraped = await registry.getSingleMetric(CHECKS)?.get();
  let sum = 0;
  for (const { value } of scraped?.values ?? []) sum += value;
  return sum;
}
