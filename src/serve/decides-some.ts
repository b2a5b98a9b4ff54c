import type { ConfigSource } from '../source/documents-in-force.ts';

/**
 * Resolves once some requests are decided. A replica that denies all of them is not ready: in a roll-out it would take the
 * place of one that is.
 */
export function decidesSome(documents: Pick<ConfigSource, 'current' | 'onChange'>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (documents.current().withheld === undefined) return Promise.resolve();
  const stop = documents.onChange(({ withheld }) => {
    if (withheld !== undefined) return;
    stop();
    resolve();
  });
  return promise;
}
