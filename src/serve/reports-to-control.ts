import { hostname } from 'node:os';
import { join } from 'node:path';
import type { SampleArchive } from '../analytics/sampled-request.ts';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { ReportLink } from '../sync/report-link.ts';
import { SampleFeed } from '../telemetry/sample-feed.ts';
import { SlotFiles } from '../telemetry/slot-spool.ts';
import { SlotSender } from '../telemetry/slot-sender.ts';
import { UnacknowledgedSlots } from '../telemetry/unacknowledged.ts';
import { createReportMetrics } from './report-metrics.ts';
import type { Reporting } from './reporting.ts';
import type { Reports } from './reports.ts';
import type { ServeFlags } from './serve-flags.ts';

const FOLDER = 'slots';
/** Some 15 MB. */
const MOST_ROWS = 50_000;
/** Of days without a control plane, for a node with some hundred keys. */
const MOST_DISK_BYTES = 256 * 1024 * 1024;
const FLUSH_MS = 2000;
const LOOK_MS = 20;
const TELL_MS = 10_000;

/** Opens the queue of what is to be sent, and sends it. */
export async function openReports(flags: ServeFlags, reporting: Reporting): Promise<Reports> {
  const link = new ReportLink();
  const { log, metrics } = reporting;
  const node = flags.nodeId ?? hostname();
  let evicted: Parameters<typeof spoolOf>[3] = () => {};
  const spool = spoolOf(flags.dataDir, node, log, (epoch, sequence) => evicted(epoch, sequence));
  const slots = new UnacknowledgedSlots(MOST_ROWS, spool);
  evicted = (epoch, sequence) => slots.unspooled(epoch, sequence);
  if (spool !== undefined) slots.restore(await spool.open());
  let feed: SampleFeed | undefined;
  const told = createReportMetrics(metrics.registry, () => slots.size);
  let lastWhy = '';
  const sender = new SlotSender(
    { node },
    {
      call: link.call,
      slots,
      samples: () => feed?.fresh() ?? [],
      timers,
      random: Math.random,
      ended(error) {
        const why = error instanceof Error ? error.message : String(error);
        // One that is away says the same at each try.
        if (why !== lastWhy) log.warn('counts of requests not sent to the control plane', { detail: why });
        lastWhy = why;
      },
    },
  );
  const stopTelling = tellLosses(slots, log, told);
  const running = sender.run();
  return {
    link,
    take: (slot) => slots.take(slot),
    addSamples(samples: SampleArchive) {
      feed = new SampleFeed(samples, () => clock.now());
    },
    async close() {
      const end = clock.monotonic() + FLUSH_MS;
      while (slots.size > 0 && clock.monotonic() < end) await pause(LOOK_MS);
      sender.close();
      await Promise.race([running, pause(LOOK_MS)]);
      await spool?.settled();
      stopTelling();
      if (slots.size === 0) return;
      const where = spool === undefined ? 'they are lost: --data-dir keeps them' : 'they are sent at the next start';
      log.warn('counts of requests not sent to the control plane', {
        detail: `${slots.size} slots of 10 s: ${where}`,
      });
    },
  };
}

function spoolOf(
  dataDir: string | undefined,
  node: string,
  log: Reporting['log'],
  evicted: (epoch: string, sequence: number) => void,
): SlotFiles | undefined {
  if (dataDir === undefined) return undefined;
  const folder = join(dataDir, FOLDER);
  return new SlotFiles(
    { folder, node, mostBytes: MOST_DISK_BYTES },
    {
      failed: (error) =>
        log.error('counts of requests for the control plane are not kept on disk', {
          detail: error instanceof Error ? error.message : String(error),
        }),
      recovered: () => log.info('counts of requests for the control plane are kept on disk again'),
      evicted,
    },
  );
}

/** @returns what ends it */
function tellLosses(
  slots: UnacknowledgedSlots,
  log: Reporting['log'],
  told: ReturnType<typeof createReportMetrics>,
): () => void {
  let before = slots.losses;
  let cancel = (): void => {};
  const look = (): void => {
    cancel = timers.after(TELL_MS, () => {
      const { losses } = slots;
      told.lost(losses);
      const hollowed = losses.hollowed - before.hollowed;
      const dropped = losses.dropped - before.dropped;
      const refused = losses.refused - before.refused;
      if (hollowed + dropped > 0)
        log.warn('counts of requests dropped: the control plane is away for too long', {
          detail: `of ${hollowed} slots of 10 s only the number of decisions is still told, and of ${dropped} nothing`,
        });
      if (refused > 0)
        log.error('counts of requests refused by the control plane', {
          detail: `${refused} slots of 10 s: is the clock of this machine right?`,
        });
      before = losses;
      look();
    });
  };
  look();
  return () => cancel();
}

function pause(delayMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  timers.after(delayMs, resolve);
  return promise;
}
