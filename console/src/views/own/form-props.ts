import type { Path } from '../../forms/inputs.ts';
import type { FormNode } from '../../forms/node.ts';
import type { Placed } from '../../forms/paths.ts';

export interface FormProps {
  readonly node: FormNode;
  readonly path: Path;
  readonly value: unknown;
  readonly faults: readonly Placed[];
  /** @param value undefined: it is left out */
  readonly onChange: (path: Path, value: unknown) => void;
  readonly label: string;
  /** What is shown where nothing is given. */
  readonly ifAbsent?: unknown;
  readonly unit?: string | undefined;
  /** Where secrets of the document are. */
  readonly namespace: string;
}

export function idOf(path: Path): string {
  return `own-${path.join('-').replaceAll(/[^\w-]/g, '_')}`;
}
