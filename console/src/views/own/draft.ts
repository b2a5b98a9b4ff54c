import { computed, effect, signal } from '@preact/signals';
import type {
  DifferenceJson,
  DocumentFaultJson,
  ImpactJson,
  ProposedDocumentJson,
} from '../../../../gen/ostiary/v1/resources_pb.js';
import { call, callErrorOf } from '../../api/call.ts';
import type { CallError } from '../../api/call.ts';
import { diffResources, getResource } from '../../api/methods.ts';
import { isSame } from '../../forms/inputs.ts';
import type { Path } from '../../forms/inputs.ts';
import { merged } from '../../forms/merge.ts';
import type { Merged } from '../../forms/merge.ts';
import { pathFrom } from '../../forms/paths.ts';
import type { Placed } from '../../forms/paths.ts';
import { differingPaths, parsed, readable, withMoved, withYaml, yamlOf } from '../../forms/yaml-draft.ts';
import { valueAt } from '../../forms/inputs.ts';
import { proposal } from './proposing.ts';

export type Json = Readonly<Record<string, unknown>>;

/** A document as the control plane has it. */
export interface Base {
  /** Undefined: there is none yet. */
  readonly document: Json | undefined;
  readonly revision: string;
}

export interface PlacedFault extends Placed {
  /** Of the document or of another one. */
  readonly file: string;
  readonly isWarning: boolean;
}

/** What the control plane says of a draft. */
export interface Checked {
  readonly isChecking: boolean;
  readonly faults: readonly PlacedFault[];
  readonly differences: readonly DifferenceJson[];
  readonly impact: ImpactJson | undefined;
  readonly error: CallError | undefined;
}

const UNCHECKED: Checked = { isChecking: false, faults: [], differences: [], impact: undefined, error: undefined };
const TYPING_MS = 350;

/**
 * A document that somebody edits, by form and as YAML. Both write the same text; it stays while one looks at other pages.
 * What it would do is asked while it is typed.
 */
export class Draft {
  readonly base = signal<Base>({ document: undefined, revision: '0' });
  readonly text = signal('');
  readonly checked = signal<Checked>(UNCHECKED);
  /** Documents that are written with it. */
  readonly beside = signal<readonly ProposedDocumentJson[]>([]);
  /** Where it was last written; its receipt can be asked for. */
  readonly written = signal<string | undefined>(undefined);
  /** Somebody else has changed it meanwhile: nothing can be written before both are put together. */
  readonly collision = signal<{ readonly theirs: Base; readonly merged: Merged } | undefined>(undefined);
  readonly parsed = computed(() => parsed(this.text.value));
  readonly fault = computed(() => ('fault' in this.parsed.value ? this.parsed.value.fault : undefined));
  readonly isChanged = computed(
    () =>
      'fault' in this.parsed.value ||
      this.beside.value.length > 0 ||
      !isSame(this.value.value, this.base.value.document),
  );
  #last: unknown;
  /** The last one that could be read. */
  readonly value = computed(() => {
    const read = this.parsed.value;
    if (!('fault' in read)) this.#last = read.value;
    return this.#last as Json;
  });
  #asked = 0;

  constructor(base: Base, document: Json = base.document ?? {}) {
    this.base.value = base;
    this.text.value = yamlOf(readable(document));
    effect(() => {
      const { value, base: known, beside } = this;
      const [document_, before, others] = [value.value, known.value, beside.value];
      if (this.fault.value !== undefined) return undefined;
      if (isSame(document_, before.document) && others.length === 0) {
        this.#asked += 1;
        this.checked.value = UNCHECKED;
        return undefined;
      }
      const timer = setTimeout(() => void this.#check(document_, before, others), TYPING_MS);
      return () => clearTimeout(timer);
    });
  }

  /** @param value undefined: it is left out */
  set(path: Path, value: unknown): void {
    if (this.fault.value === undefined) this.text.value = withYaml(this.text.value, path, value);
  }

  move(path: Path, from: number, to: number): void {
    this.text.value = withMoved(this.text.value, path, from, to);
  }

  discard(): void {
    this.text.value = yamlOf(readable(this.base.value.document ?? {}));
    this.beside.value = [];
    this.collision.value = undefined;
  }

  /** What differs from what the control plane has. */
  changes(): readonly Path[] {
    return differingPaths(this.base.value.document, this.value.value);
  }

  async #check(document: Json, { revision }: Base, beside: readonly ProposedDocumentJson[]): Promise<void> {
    const asked = (this.#asked += 1);
    this.checked.value = { ...this.checked.value, isChecking: true };
    const told = await this.#told(document, revision, beside);
    if (asked === this.#asked) this.checked.value = told;
    if (told.error?.code === 'aborted' && revision !== '0') await this.lookAgain();
  }

  async #told(document: Json, revision: string, beside: readonly ProposedDocumentJson[]): Promise<Checked> {
    try {
      const answer = await call(diffResources, {
        documents: [proposal(document, revision), ...beside],
      });
      const { differences = [], faults = [], impact, warnings = [] } = answer;
      return {
        ...UNCHECKED,
        faults: [...faults, ...warnings].map(placedOf),
        differences,
        impact,
      };
    } catch (error) {
      return { ...UNCHECKED, error: callErrorOf(error) };
    }
  }

  /** Reads what the control plane has now; if that is another one, says what both have changed. */
  async lookAgain(): Promise<void> {
    const { kind, metadata } = this.base.value.document ?? {};
    const { namespace = 'default', name = '' } = (metadata ?? {}) as { namespace?: string; name?: string };
    const { resource } = await call(getResource, { kind: String(kind), namespace, name });
    if (resource?.revision === undefined || resource.revision === this.base.value.revision) return;
    const theirs: Base = { document: resource.document, revision: resource.revision };
    if (!this.isChanged.value) {
      this.base.value = theirs;
      this.text.value = yamlOf(readable(theirs.document));
      return;
    }
    this.collision.value = { theirs, merged: merged(this.base.value.document, this.value.value, theirs.document) };
  }

  /** Goes on with both: theirs, and mine where only I have changed it. @param mine the collisions in which mine holds, by their place */
  settle(mine: ReadonlySet<number>): void {
    const { collision } = this;
    const both = collision.value;
    if (both === undefined) return;
    const { merged: result, theirs } = both;
    let text = this.text.value;
    for (const path of differingPaths(this.value.value, result.value))
      text = withYaml(text, path, valueAt(result.value, path));
    result.collisions.forEach((each, at) => {
      if (mine.has(at)) text = withYaml(text, each.path, each.mine);
    });
    this.base.value = theirs;
    this.text.value = text;
    collision.value = undefined;
  }
}

function placedOf({
  document = 0,
  field = '',
  file = '',
  message = '',
  severity = '',
}: DocumentFaultJson): PlacedFault {
  return { path: document === 0 ? pathFrom(field) : [], file, message, isWarning: severity !== '' };
}

const drafts = new Map<string, Draft>();

/** The draft of a resource; of what was not edited yet, a new one. */
export function draftOf(key: string, base: Base): Draft {
  const known = drafts.get(key);
  if (known !== undefined) {
    if (known.base.value.revision !== base.revision && !known.isChanged.value) {
      known.base.value = base;
      known.text.value = yamlOf(readable(base.document));
    }
    return known;
  }
  const draft = new Draft(base);
  drafts.set(key, draft);
  return draft;
}

const NEW = 'new';

/** The API that is being made; undefined: none. It waits while one looks at other pages. */
export function newDraft(): Draft | undefined {
  return drafts.get(NEW);
}

/** @param draft undefined: it was written, or given up */
export function keepNewDraft(draft: Draft | undefined): void {
  if (draft === undefined) drafts.delete(NEW);
  else drafts.set(NEW, draft);
}

/** Whoever closes the window with something unsaved is asked first. */
addEventListener('beforeunload', (event) => {
  if ([...drafts.values()].some((draft) => draft.isChanged.value)) event.preventDefault();
});
