import type { Fault } from '../errors.ts';
import { PLATFORM_NAMESPACE } from '../document/names.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import { valueAt } from './facts.ts';
import type { ResourceIndex } from './resource-index.ts';

/** What a resource would become. */
interface Changed {
  readonly key: ResourceKey;
  /** Undefined: it would be deleted. */
  readonly document: unknown;
}

/** Fields that no decision depends on: where they name what is not there, that is no fault. */
export function catalogWarnings(changes: readonly Changed[], index: ResourceIndex): readonly Fault[] {
  const changed = new Map(changes.map(({ key, document }) => [keyText(key), document !== undefined]));
  const isThere = (key: ResourceKey): boolean => {
    const text = keyText(key);
    return changed.get(text) ?? index.get(text) !== undefined;
  };
  return changes.flatMap(({ key, document }) => {
    const named = (field: string, kind: string, namespace: string): readonly Fault[] => {
      const name = valueAt(document, ['metadata', field]);
      if (typeof name !== 'string' || isThere({ kind, namespace, name })) return [];
      const message = `there is no ${kind} of this name${kind === 'Team' ? ' in the namespace platform' : ''}`;
      return [{ file: keyText(key), line: 0, column: 0, field: `metadata.${field}`, message, severity: 'warning' }];
    };
    return [...named('owner', 'Team', PLATFORM_NAMESPACE), ...named('specification', 'Specification', key.namespace)];
  });
}
