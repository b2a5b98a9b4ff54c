import type { Fault } from '../errors.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import { valueAt } from './facts.ts';

/** Of local users (`local:bob`) and tokens of teams (`token:ci`): those that are there. @throws DatabaseFault (rejects with it) */
export type ExistingMembers = (names: readonly string[]) => Promise<ReadonlySet<string>>;

const REMEDIES: Readonly<Record<string, string>> = {
  local: 'there is no local user of this name: make one with ostiary user create, or mend the name',
  token: 'no team has a token of this name: make one with ostiary token create --ci --team, or mend the name',
};

/** Members of Teams whom nobody can be. Users and groups of an identity provider are known to that alone. */
export async function memberWarnings(
  changes: readonly { readonly key: ResourceKey; readonly document: unknown }[],
  existing: ExistingMembers,
): Promise<readonly Fault[]> {
  const named = changes.flatMap(({ key, document }) => {
    const members = key.kind === 'Team' ? valueAt(document, ['spec', 'members']) : undefined;
    return (Array.isArray(members) ? members : []).flatMap((member, at) => {
      const user = valueAt(member, ['user']);
      const [, sort = ''] = typeof user === 'string' ? (/^(local|token):/.exec(user) ?? []) : [];
      const message = REMEDIES[sort];
      return message === undefined ? [] : [{ key, at, user: String(user), message }];
    });
  });
  if (named.length === 0) return [];
  const there = await existing([...new Set(named.map(({ user }) => user))]);
  return named.flatMap(({ key, at, user, message }): readonly Fault[] => {
    if (there.has(user)) return [];
    const place = { file: keyText(key), line: 0, column: 0 };
    return [{ ...place, field: `spec.members[${at}].user`, message, severity: 'warning' }];
  });
}
