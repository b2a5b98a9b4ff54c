import type { Fault } from '../errors.ts';

/** What checks of changes have found. */
export interface Findings {
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

const CONTRADICTION = 'contradicts a document that you may not see: an administrator of the platform sees both';
const BEARING = 'a document that you may not see bears on this: an administrator of the platform sees both';

/**
 * What a caller hears who may not see all that changes were checked with: what would be found without the rest, word for word,
 * and of what the rest brings, that there is something. A reference to what they may not see leads nowhere.
 * @param found with everything
 * @param seen with what the caller may see
 * @param own files of the changes
 */
export function tellable(found: Findings, seen: Findings, own: ReadonlySet<string>): Findings {
  const lost = seen.faults.filter(({ file, message }) => own.has(file) && message.startsWith('there is no '));
  // What its own document contradicts in a document that a reference may not lead to tells that it is there.
  const losing = new Set(lost.map(({ file }) => file));
  const faults = told(found.faults, seen.faults, own, CONTRADICTION).filter(
    ({ file, message }) => message !== CONTRADICTION || !losing.has(file),
  );
  const texts = new Set(faults.map(faultText));
  return {
    faults: [...faults, ...lost.filter((fault) => !texts.has(faultText(fault)))],
    warnings: told(found.warnings, seen.warnings, own, BEARING),
  };
}

function told(
  found: readonly Fault[],
  seen: readonly Fault[],
  own: ReadonlySet<string>,
  general: string,
): readonly Fault[] {
  const known = new Set(seen.map(faultText));
  const byText = new Map<string, Fault>();
  for (const fault of found) {
    const { file, field } = fault;
    const place = own.has(file) ? { file, field } : { file: '', field: '' };
    const each = known.has(faultText(fault)) ? fault : { ...fault, ...place, message: general };
    byText.set(faultText(each), each);
  }
  return [...byText.values()];
}

export function faultText({ file, field, message }: Fault): string {
  return JSON.stringify([file, field, message]);
}
