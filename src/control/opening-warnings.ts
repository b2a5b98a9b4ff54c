import { qualifiedName } from '../document/names.ts';
import type { Opening } from '../document/openings.ts';
import type { Fault } from '../errors.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';

/** Of APIs that are written: requests that no policy authenticates. `ostiary validate` has a line for each. */
export function openingWarnings(
  changes: readonly { readonly key: ResourceKey }[],
  openings: readonly Opening[],
): readonly Fault[] {
  const written = new Map(
    changes.flatMap(({ key }) => (key.kind === 'Api' ? [[qualifiedName(key), keyText(key)] as const] : [])),
  );
  return openings.flatMap(({ api, requests }): readonly Fault[] => {
    const file = written.get(api);
    if (file === undefined) return [];
    const message = `some requests are authenticated by nobody (${requests}): bind a policy, or say public if this is meant`;
    return [{ file, line: 0, column: 0, field: 'spec.policies', message, severity: 'warning' }];
  });
}
