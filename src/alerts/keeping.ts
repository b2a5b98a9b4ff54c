import type { Log } from '../observe/log.ts';
import type { AlertKeeper, KeptAlerts } from './kept-alerts.ts';

export interface Keeping {
  /** Resolves when the current state is stored, or could not be. Never rejects. */
  save(): Promise<void>;
}

/**
 * Stores the state, one version after another, each as it is at its turn. If the disk fails, messages are still sent.
 */
export function createKeeping(keeper: AlertKeeper, log: Log, picture: () => KeptAlerts): Keeping {
  let last: Promise<void> = Promise.resolve();
  let hasFailed = false;

  async function saveAfter(before: Promise<void>): Promise<void> {
    await before;
    try {
      await keeper.save(picture());
      hasFailed = false;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      if (!hasFailed)
        log.error('which alerts fire can not be kept: after a restart they may be told twice', { detail });
      hasFailed = true;
    }
  }

  return { save: () => (last = saveAfter(last)) };
}
