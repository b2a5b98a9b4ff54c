import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Notification } from './notification.ts';
import type { AlertRule } from './rule.ts';
import type { AlertState } from './state.ts';
import type { Watched } from './watch.ts';

/** One subject of an alert that is pending or firing. */
export interface KeptAlert {
  readonly rule: AlertRule;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: AlertState;
}

/** The state that must survive a restart. */
export interface KeptAlerts {
  readonly alerts: readonly KeptAlert[];
  readonly waiting: readonly Notification[];
  readonly watched: Watched;
}

export interface AlertKeeper {
  /** Other processes evaluate the same alerts in turn: nothing is told that is not stored. */
  readonly isShared: boolean;
  /**
   * Undefined: nothing is stored.
   * @throws (rejects) Error if it can't be read
   */
  load(): Promise<KeptAlerts | undefined>;
  /** @throws (rejects) the system's error */
  save(kept: KeptAlerts): Promise<void>;
}

const FORM = 1;

export function keptText(kept: KeptAlerts): string {
  return JSON.stringify({ form: FORM, kept });
}

/** @throws Error if another version wrote it */
export function keptIn(text: string): KeptAlerts {
  const { form, kept } = JSON.parse(text) as { form?: unknown; kept?: KeptAlerts };
  if (form !== FORM || kept === undefined) throw new Error('is of another version');
  return kept;
}

/** Stores the state in one small file, which is replaced as a whole: after a crash it is the old or the new one. */
export function alertFile(path: string): AlertKeeper {
  return {
    isShared: false,
    async load() {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
      return keptIn(text);
    },
    async save(kept) {
      await mkdir(dirname(path), { recursive: true });
      const fresh = `${path}.new`;
      const file = await open(fresh, 'w', 0o600);
      try {
        await file.writeFile(keptText(kept));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(fresh, path);
    },
  };
}
