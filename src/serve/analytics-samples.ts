import { join } from 'node:path';
import type { SampleDisk } from '../analytics/sample-disk.ts';
import type { Samples, SamplesPorts } from '../analytics/samples.ts';
import type { SampleArchive } from '../analytics/sampled-request.ts';
import { systemTimers as timers } from '../clock.ts';
import type { CheckObserver } from '../envoy/check-service.ts';
import { sampleFailures } from '../analytics/sample-metrics.ts';
import type { Log } from '../observe/log.ts';
import type { Registry } from '../observe/prometheus.ts';
import type { ServeFlags } from './serve-flags.ts';
import { WORKER_VARIABLE } from './worker-process.ts';

const MAX_BYTES = 4 * 1024 * 1024;
const FOLDER = 'samples';

/** Samples are taken after Envoy has opened the first stream of its log. Their code is loaded then. */
export interface OpenSamples {
  readonly archive: SampleArchive;
  /** Undefined until samples are taken. */
  readonly current: () => Samples | undefined;
  /** Never rejects. */
  start(): Promise<void>;
  /** Wraps an observer so that it also takes samples of decisions. */
  watching(observer: CheckObserver): CheckObserver;
  /** Writes what is to be kept. Never rejects. */
  close(): Promise<void>;
}

/** Where samples outlive the process. */
export interface SamplePlace {
  readonly folder: string;
  /** Which process this is of those that share the folder: 1, 2, … */
  readonly part: number;
  readonly parts: number;
  readonly epoch: string;
  readonly registry: Registry;
  readonly log: Log;
}

/** @returns undefined: they are kept in memory alone, or by workers */
export function samplePlaceOf(
  { dataDir, workers }: Pick<ServeFlags, 'dataDir' | 'workers'>,
  environment: NodeJS.ProcessEnv,
  parts: Pick<SamplePlace, 'epoch' | 'registry' | 'log'>,
): SamplePlace | undefined {
  const part = workers === 1 ? 1 : Number(environment[WORKER_VARIABLE] ?? 0);
  if (dataDir === undefined || part === 0) return undefined;
  return { folder: join(dataDir, FOLDER), part, parts: workers, ...parts };
}

export function openSamples(
  ports: Omit<SamplesPorts, 'random' | 'maxBytes' | 'changed'>,
  place: SamplePlace | undefined,
): OpenSamples {
  let kept: Samples | undefined;
  let disk: SampleDisk | undefined;
  let isTaking = false;
  let opening: Promise<void> | undefined;
  const open = async (): Promise<void> => {
    const module = await import('../analytics/samples.ts');
    const toDisk = place && (await diskOf(place, () => kept?.all() ?? []));
    const samples = new module.Samples({
      ...ports,
      random: Math.random,
      maxBytes: MAX_BYTES,
      changed: toDisk?.changed,
    });
    samples.restore((await toDisk?.restore()) ?? []);
    kept = samples;
    toDisk?.start();
    disk = toDisk;
  };
  // What an earlier process has kept can be asked for at once.
  if (place !== undefined) opening = open();
  return {
    archive: {
      async find(question) {
        await opening;
        return kept?.find(question) ?? [];
      },
    },
    current: () => (isTaking ? kept : undefined),
    async start() {
      await (opening ??= open());
      isTaking = true;
    },
    watching: (observer) => ({
      ...observer,
      decided(decision, check, durationMs, sequence) {
        observer.decided(decision, check, durationMs, sequence);
        if (isTaking && sequence >= 0) kept?.decided(decision, check, durationMs, sequence);
      },
    }),
    async close() {
      isTaking = false;
      await opening;
      await disk?.close();
    },
  };
}

async function diskOf(
  { registry, log, ...place }: SamplePlace,
  all: () => ReturnType<Samples['all']>,
): Promise<SampleDisk> {
  const { SampleDisk: Disk } = await import('../analytics/sample-disk.ts');
  const failures = sampleFailures(registry);
  return new Disk(
    {
      ...place,
      timers,
      failed(error, isNew) {
        failures.inc();
        const detail = error instanceof Error ? error.message : String(error);
        if (isNew) log.error('samples are not kept on disk', { detail });
      },
      recovered: () => log.info('samples are kept on disk again'),
    },
    all,
  );
}
