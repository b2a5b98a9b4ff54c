import type { Samples, SamplesPorts } from '../analytics/samples.ts';
import type { SampleArchive } from '../analytics/sampled-request.ts';
import type { CheckObserver } from '../envoy/check-service.ts';

const MAX_BYTES = 4 * 1024 * 1024;

/** Samples are taken from when Envoy has opened the first stream of its log: before, nothing of them is loaded. */
export interface OpenSamples {
  readonly archive: SampleArchive;
  /** Undefined: none are taken yet. */
  readonly current: () => Samples | undefined;
  /** Never rejects. */
  start(): Promise<void>;
  /** An observer that takes samples of what is decided, too. */
  watching(observer: CheckObserver): CheckObserver;
}

export function openSamples(ports: Omit<SamplesPorts, 'random' | 'maxBytes'>): OpenSamples {
  let samples: Samples | undefined;
  return {
    archive: { find: (question) => samples?.find(question) ?? [] },
    current: () => samples,
    async start() {
      const module = await import('../analytics/samples.ts');
      samples ??= new module.Samples({ ...ports, random: Math.random, maxBytes: MAX_BYTES });
    },
    watching: (observer) => ({
      ...observer,
      decided(decision, check, durationMs, sequence) {
        observer.decided(decision, check, durationMs, sequence);
        if (sequence >= 0) samples?.decided(decision, check, durationMs, sequence);
      },
    }),
  };
}
