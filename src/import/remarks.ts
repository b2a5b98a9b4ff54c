import { Faults } from '../document/fault.ts';
import { addIssues } from '../document/load.ts';
import type { Place } from '../document/load.ts';
import type { Fault } from '../errors.ts';
import { didYouMean } from '../nearest.ts';

export type Path = readonly PropertyKey[];
export type Fields = Readonly<Record<string, unknown>>;

/** What was found in all documents. */
export interface Findings {
  /** What can't be imported. If there is anything, nothing is written. */
  readonly faults: Faults;
  /** What is imported differently, or is not ostiary's task. */
  readonly notes: Faults;
}

export function noFindings(): Findings {
  return { faults: new Faults(), notes: new Faults() };
}

/** Reports remarks on a document, or on a part of it, with the place in the file. */
export class Remarks {
  readonly #findings: Findings;
  readonly #place: Place;
  readonly #below: Path;

  constructor(findings: Findings, place: Place, below: Path = []) {
    this.#findings = findings;
    this.#place = place;
    this.#below = below;
  }

  /** Returns remarks for the part at the path. */
  at(...path: Path): Remarks {
    return new Remarks(this.#findings, this.#place, [...this.#below, ...path]);
  }

  /** Reports something that the author of the documents must change. */
  refuse(message: string, at: 'key' | 'value' = 'value'): void {
    addIssues(this.#findings.faults, this.#place, [{ path: this.#below, at, message }]);
  }

  /** Reports something that operators should know, and that does not stop the import. */
  note(message: string): void {
    addIssues(this.#findings.notes, this.#place, [{ path: this.#below, at: 'key', message }]);
  }

  /** Refuses unknown fields, since they could protect the API. */
  refuseOthers(fields: Fields, known: readonly string[]): void {
    for (const name of Object.keys(fields)) {
      if (known.includes(name)) continue;
      const choice = known.length === 0 ? '' : ` (known: ${known.join(', ')})`;
      this.at(name).refuse(`unknown field${didYouMean(name, known) || choice}`, 'key');
    }
  }

  /** Returns a mapping; otherwise undefined, and reports a fault. */
  fields(value: unknown, name: string): Fields | undefined {
    const part = (value as Fields)[name];
    if (part === undefined || part === null) return undefined;
    if (isFields(part)) return part;
    this.at(name).refuse('expected a mapping');
    return undefined;
  }

  /** Returns a text; otherwise undefined, and reports a fault. */
  text(fields: Fields, name: string): string | undefined {
    const part = fields[name];
    if (part === undefined || part === null || typeof part === 'string') return part ?? undefined;
    this.at(name).refuse('expected text: put it in quotes');
    return undefined;
  }

  /** Returns a list of mappings; otherwise an empty list, and reports a fault. */
  list(fields: Fields, name: string): readonly Fields[] {
    const part = fields[name];
    if (part === undefined || part === null) return [];
    if (Array.isArray(part) && part.every(isFields)) return part;
    this.at(name).refuse('expected a list of mappings');
    return [];
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function toldIn(findings: Findings): { readonly faults: readonly Fault[]; readonly notes: readonly Fault[] } {
  return { faults: findings.faults.sorted(), notes: findings.notes.sorted() };
}
