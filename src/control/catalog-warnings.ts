import type { Fault } from '../errors.ts';
import { DEFAULT_NAMESPACE, PLATFORM_NAMESPACE } from '../document/names.ts';
import { openApiOf } from '../document/open-api-paths.ts';
import { keyText } from '../registry/conflict.ts';
import type { Resource, ResourceKey } from '../registry/log.ts';
import { lifecycleOf } from './contract-terms.ts';
import { valueAt } from './facts.ts';
import type { ResourceIndex } from './resource-index.ts';

/** What a resource would become. */
interface Changed {
  readonly key: ResourceKey;
  readonly before: Resource | undefined;
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
  return changes.flatMap(({ key, before, document }) => {
    const named = (field: string, kind: string, namespace: string, name: unknown): readonly Fault[] => {
      if (typeof name !== 'string' || isThere({ kind, namespace, name })) return [];
      const message = `there is no ${kind} of this name${kind === 'Team' ? ' in the namespace platform' : ''}`;
      return [{ file: keyText(key), line: 0, column: 0, field, message, severity: 'warning' }];
    };
    const team = (field: string, name: unknown) => named(field, 'Team', PLATFORM_NAMESPACE, name);
    const { owner, specification } = Object(valueAt(document, ['metadata'])) as Readonly<Record<string, unknown>>;
    return [
      ...(key.kind === 'Specification' ? textWarnings(key, document) : []),
      ...team('metadata.owner', owner),
      ...named('metadata.specification', 'Specification', key.namespace, specification),
      ...teamsOfGuests(document).flatMap((name, at) => (name === '*' ? [] : team(`spec.guests[${at}].team`, name))),
      ...(key.kind === 'Api' ? retirementWarnings({ key, before, document }, index) : []),
    ];
  });
}

function teamsOfGuests(document: unknown): readonly unknown[] {
  const guests = valueAt(document, ['spec', 'guests']);
  return Array.isArray(guests) ? guests.map((guest) => valueAt(guest, ['team'])) : [];
}

const MOST_NAMED = 20;

/** Who is still on an API that retires. Contracts that wait are faults: they have to be rejected first. */
function retirementWarnings({ key, before, document }: Changed, index: ResourceIndex): readonly Fault[] {
  if (lifecycleOf(document) !== 'retired' || lifecycleOf(before?.document) === 'retired') return [];
  const names: string[] = [];
  for (const { kind, namespace, facts } of index.referring(keyText(key))) {
    const [, client = '', , status = 'approved'] = facts.fields;
    if (kind !== 'Contract' || status !== 'approved') continue;
    names.push(client.includes('/') || namespace === DEFAULT_NAMESPACE ? client : `${namespace}/${client}`);
  }
  if (names.length === 0) return [];
  const shown = names.toSorted().slice(0, MOST_NAMED).join(', ');
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  const who = names.length === 1 ? '1 client application is' : `${names.length} client applications are`;
  const message = `${who} still on this API, and may call it until their contracts are revoked: ${shown}${more}`;
  return [{ file: keyText(key), line: 0, column: 0, field: 'metadata.lifecycle', message, severity: 'warning' }];
}

/** What is called an OpenAPI document, and can't be read as one. */
function textWarnings(key: ResourceKey, document: unknown): readonly Fault[] {
  const text = valueAt(document, ['spec', 'text']);
  if (valueAt(document, ['spec', 'format']) !== 'openapi' || typeof text !== 'string') return [];
  const read = openApiOf(text);
  if (!('problems' in read)) return [];
  const [problem] = read.problems;
  const where = problem === undefined || problem.line === 0 ? '' : `, line ${problem.line}`;
  const message = `is not an OpenAPI document${where}: ${problem?.message ?? 'it can not be read'}`;
  return [{ file: keyText(key), line: 0, column: 0, field: 'spec.text', message, severity: 'warning' }];
}
