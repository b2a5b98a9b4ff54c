import type { Timers } from '../clock.ts';
import type { Log } from '../observe/log.ts';
import { Gauge } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';

/** Envoy opens its stream with the first entry, at the latest a second after the first request has ended. */
const LOOK_MS = 60_000;
const TOLD_AGAIN_LOOKS = 60;

export interface MissingLogPorts {
  readonly registry: Registry;
  readonly log: Pick<Log, 'warn'>;
  readonly timers: Timers;
}

/** If there is a history or a sink: reports that Checks are decided although no Envoy streams its access log. */
export interface MissingLog {
  /** To be called at the first stream. */
  found(): void;
  close(): void;
}

export function watchForLog({ registry, log, timers }: MissingLogPorts): MissingLog {
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
    const decided = await decisions(registry);
    if (isOver) return;
    if (decided > 0) {
      missing.set(1);
      if (looks % TOLD_AGAIN_LOOKS === 0) {
        const detail = `${decided} Checks were decided, and no Envoy has streamed its access log to --listen: requests are not counted. ostiary generate … --access-log writes the logger`;
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

async function decisions(registry: Registry): Promise<number> {
  const scraped = await registry.getSingleMetric('ostiary_checks_total')?.get();
  let sum = 0;
  for (const { value } of scraped?.values ?? []) sum += value;
  return sum;
}
