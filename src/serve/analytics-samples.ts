import type { Samples, SamplesPorts } from '../analytics/samples.ts';
import type { SampleArchive } from '../analytics/sampled-request.ts';
import type { CheckObserver } from '../envoy/check-service.ts';

const MAX_BYTES = 4 * 1024 * 1024;

/** Samples are taken after Envoy has opened the first stream of its log. Their code is loaded then. */
export interface OpenSamples {
  readonly archive: SampleArchive;
  /** Undefined until samples are taken. */
  readonly current: () => Samples | undefined;
  /** Never rejects. */
  start(): Promise<void>;
  /** Wraps an observer so that it also takes samples of decisions. */
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
