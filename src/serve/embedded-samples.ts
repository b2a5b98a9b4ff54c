import type { SampleArchive } from '../analytics/sampled-request.ts';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { SampleFeed } from '../telemetry/sample-feed.ts';
import type { EmbeddedControl } from './embedded-control.ts';

const EVERY_MS = 1000;

/**
 * Gives samples to the control plane in this process, as other sidecars send theirs.
 * @returns ends it
 */
export function giveSamples(archive: SampleArchive, { takeSamples }: Pick<EmbeddedControl, 'takeSamples'>): () => void {
  const feed = new SampleFeed(archive, () => clock.now());
  let isEnded = false;
  let cancel = (): void => {};
  const give = async (): Promise<void> => {
    takeSamples(await feed.fresh());
    if (!isEnded) cancel = timers.after(EVERY_MS, () => void give());
  };
  void give();
  return () => {
    isEnded = true;
    cancel();
  };
}
