import { systemClock } from '../../clock.ts';
import { Faults, formatFault } from '../../document/fault.ts';
import { addIssues, DocumentReader, isRecord } from '../../document/load.ts';
import type { Place } from '../../document/load.ts';
import type { Issue } from '../../document/issues.ts';
import { UserError } from '../../errors.ts';
import { loadDocuments } from '../../source/load-documents.ts';

/** A document as a file has it, and where. */
export interface WrittenDocument {
  readonly value: Readonly<Record<string, unknown>>;
  readonly place: Place;
}

/** Keeps documents as they are written: what they must be is the control plane's to say, which may be newer. */
class WrittenReader extends DocumentReader {
  readonly written: WrittenDocument[] = [];

  override get isEmpty(): boolean {
    return this.written.length === 0;
  }

  override addDocument(place: Place, value: unknown, issues: readonly Issue[]): void {
    if (issues.length === 0 && isRecord(value)) this.written.push({ place, value });
    // It is faulty, and the reader knows why.
    else super.addDocument(place, value, issues);
  }
}

/**
 * Reads files, and all files below folders.
 * @param outcome what becomes of all of them then
 * @throws UserError with a line for each fault, where a file can't be read or is no YAML or JSON
 */
export async function documentsOf(
  paths: readonly string[],
  outcome = 'nothing was sent',
): Promise<readonly WrittenDocument[]> {
  const reading = new WrittenReader();
  const { faults } = await loadDocuments(paths, { clock: systemClock, reading });
  const told = faults.sorted();
  if (told.length > 0) throw new UserError(`${outcome}:\n${told.map(formatFault).join('\n')}`);
  return reading.written;
}

/** What is told of a document, where the place of its field is not known. */
export interface ToldFault {
  readonly field: string;
  readonly message: string;
  readonly severity?: string;
  /** Absent: it is of none of ours. */
  readonly document?: number | undefined;
  readonly file?: string;
}

/** A line for each, with file, line and column where the document is one of ours. */
export function faultLines(told: readonly ToldFault[], documents: readonly WrittenDocument[]): readonly string[] {
  return told.map((fault) => {
    const { field, message } = fault;
    const severity = fault.severity === 'warning' || fault.severity === 'upgrade' ? fault.severity : undefined;
    const place = fault.document === undefined ? undefined : documents[fault.document]?.place;
    const placed = place && placedFault(place, { path: pathOf(field), at: 'value', message }, severity);
    return formatFault(
      placed ?? {
        file: fault.file ?? '',
        line: 0,
        column: 0,
        field,
        message,
        ...(severity !== undefined && { severity }),
      },
    );
  });
}

function placedFault(place: Place, issue: Issue, severity: 'warning' | 'upgrade' | undefined) {
  const faults = new Faults();
  addIssues(faults, place, [issue], severity);
  return faults.sorted()[0];
}

/** Reads what `formatPath` writes. */
function pathOf(field: string): readonly PropertyKey[] {
  return [...field.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(([, index, quoted, plain]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? (plain ?? '') : (JSON.parse(`"${quoted}"`) as string);
  });
}
