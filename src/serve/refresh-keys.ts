import type { KeySets } from '../jwt/key-sets.ts';
import type { Log } from '../observe/log.ts';
import type { KeySetRefresh, RefreshKeys } from '../operator/keys.ts';

/** Merges the results of several processes: the worst outcome, the fewest keys, the most withdrawn ones. */
export function worstOf(all: readonly (readonly KeySetRefresh[])[]): readonly KeySetRefresh[] {
  const sets = new Map<string, KeySetRefresh>();
  for (const one of all.flat()) {
    const known = sets.get(one.url);
    const worse = known === undefined || known.outcome === 'success' ? one : known;
    const keys = Math.min(one.keys, known?.keys ?? one.keys);
    const withdrawn = Math.max(one.withdrawn, known?.withdrawn ?? 0);
    sets.set(one.url, { url: one.url, outcome: worse.outcome, detail: worse.detail, keys, withdrawn });
  }
  return [...sets.values()].sort((a, b) => (a.url < b.url ? -1 : 1));
}

/** Refreshes in every process, and logs it: an operator has asked. */
export function refreshEverywhere(
  own: KeySets,
  others: ((url: string | undefined) => Promise<readonly (readonly KeySetRefresh[])[]>) | undefined,
  log: Log,
): RefreshKeys {
  return async (url) => {
    const [mine, theirs] = await Promise.all([own.refresh(url), others?.(url) ?? []]);
    const sets = worstOf([mine, ...theirs]);
    for (const { url: shown, outcome, detail, keys, withdrawn } of sets) {
      const fields = { url: shown, outcome, keys };
      if (outcome !== 'success') log.warn('key set not refreshed, though an operator asked', { ...fields, detail });
      else log.info('key set refreshed for an operator', { ...fields, detail: `keys withdrawn: ${withdrawn}` });
    }
    return sets;
  };
}
