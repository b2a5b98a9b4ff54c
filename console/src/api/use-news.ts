import { useEffect, useRef } from 'preact/hooks';
import { ANY } from './follows.ts';
import { onChanged, onReturned } from './live.ts';
import { gathering } from './pauses.ts';

/** What changes at once is asked for once, and what changes all the time is asked for now and then. */
const SOON_MS = 150;
const EVERY_MS = 2000;

/**
 * Asks again when anybody has changed something of these kinds, and when the control plane is back after it did not answer.
 * @param key of what is asked for; undefined: nothing is
 */
export function useNews(key: string | undefined, kinds: readonly string[], again: () => void): void {
  const newest = useRef(again);
  newest.current = again;
  useEffect(() => {
    if (key === undefined) return undefined;
    const gathered = gathering(
      () => newest.current(),
      SOON_MS,
      EVERY_MS,
      () => performance.now(),
    );
    const ends = [
      onChanged((kind) => {
        if (kind === undefined || kinds.includes(ANY) || kinds.includes(kind)) gathered.add();
      }),
      onReturned(() => gathered.add()),
    ];
    return () => {
      gathered.end();
      for (const end of ends) end();
    };
  }, [key]);
}
