import { canonicalJson } from '../document/version.ts';
import type { Fault } from '../errors.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import { schemaFaults } from './checking.ts';
import { keyOf } from './facts.ts';

export interface ProposedWrite {
  readonly document: Readonly<Record<string, unknown>>;
  readonly expectedRevision: number | undefined;
  /** Where it is kept, if not where the request says of all. */
  readonly source?: string;
}

/** A fault or a warning; its file is {@link keyText} of a resource, or empty for a document without a name. */
export interface PlacedFault extends Fault {
  /** The place in the request, from 0; undefined: a resource that is not in it. */
  readonly place: number | undefined;
}

const NO_KEY: ResourceKey = { kind: '', namespace: '', name: '' };

export interface NamedWrite {
  readonly key: ResourceKey;
  readonly write: ProposedWrite;
  readonly place: number;
}

/** The documents of a request by the text of their key. Those that can't be named have faults. */
export function nameAll(writes: readonly ProposedWrite[]): {
  readonly named: ReadonlyMap<string, NamedWrite>;
  readonly faults: PlacedFault[];
} {
  const named = new Map<string, NamedWrite>();
  const faults: PlacedFault[] = [];
  for (const [place, given] of writes.entries()) {
    // What is kept is what canonical JSON says: nothing inherited, no number that JSON does not have.
    const write = { ...given, document: JSON.parse(canonicalJson(given.document)) as ProposedWrite['document'] };
    const key = keyOf(write.document);
    if (key === undefined || !isNamed(key)) {
      faults.push(...placed(schemaFaults(key ?? NO_KEY, write.document, []), place, ''));
      continue;
    }
    const text = keyText(key);
    const first = named.get(text);
    if (first === undefined) named.set(text, { key, write, place });
    else {
      const message = `another document of this request is the same resource: the one at place ${first.place + 1}`;
      faults.push({ file: text, line: 0, column: 0, field: 'metadata.name', message, place });
    }
  }
  return { named, faults };
}

/** Whether its key can be told apart from every other: the schema refuses the rest. */
function isNamed({ kind, namespace, name }: ResourceKey): boolean {
  return [kind, namespace, name].every((text) => text !== '' && !/[\s/]/.test(text));
}

export function placed(faults: readonly Fault[], place: number, file?: string): readonly PlacedFault[] {
  return faults.map((fault) => ({ ...fault, ...(file !== undefined && { file }), place }));
}
