import type { Log } from '../observe/log.ts';
import type { AlertKeeper, KeptAlerts } from './kept-alerts.ts';

export interface Keeping {
  /**
   * Settles when the current state is stored, or could not be. Never rejects.
   * @returns whether messages may be sent
   */
  save(): Promise<boolean>;
}

/**
 * Stores the state, one version after another, each as it is at its turn. If the disk fails, messages are still sent;
 * what is shared with others must be stored first.
 */
export function createKeeping(keeper: AlertKeeper, log: Log, picture: () => KeptAlerts): Keeping {
  let last: Promise<boolean> = Promise.resolve(true);
  let hasFailed = false;

  async function saveAfter(before: Promise<boolean>): Promise<boolean> {
    await before;
    try {
      await keeper.save(picture());
      hasFailed = false;
      return true;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      const meaning = keeper.isShared ? 'their messages wait' : 'after a restart they may be told twice';
      if (!hasFailed) log.error(`which alerts fire can not be kept: ${meaning}`, { detail });
      hasFailed = true;
      return !keeper.isShared;
    }
  }

  return { save: () => (last = saveAfter(last)) };
}
