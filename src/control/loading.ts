import { aboutToLoad, endLeanStart } from '../engine.ts';

/** Of a usual document. */
const DOCUMENT_BYTES = 300;
const MUCH_BYTES = 16 * 1024 * 1024;
/** With 100,000 contracts the heap is 130 MB: it may not grow by a quarter of that before garbage is collected. */
const GROWTH_PERCENT = 10;

/**
 * Tells V8 how much is about to be loaded.
 * @param revision of the log: about as many documents
 * @returns what to call when everything is loaded
 */
export function beginLoading(revision: number): () => void {
  const bytes = revision * DOCUMENT_BYTES;
  aboutToLoad(bytes);
  return () => endLeanStart(bytes > MUCH_BYTES ? GROWTH_PERCENT : undefined);
}
