import { CODES } from './codes.ts';
import type { Code, Severity } from './codes.ts';

/** Where something is: in a file, in a cluster, or at a running service. */
export interface Place {
  /** Whose: `Service shop/orders`, `Redis redis:6379`, `envoy.yaml`. */
  readonly object: string;
  /** Of the object, such as `spec.ports[0].name`; empty: all of it. */
  readonly field: string;
  /** Absent: it was not read from a file. */
  readonly file?: string;
  /** From 1; 0: the file as a whole. */
  readonly line?: number;
  readonly column?: number;
}

/** What is wrong, and what to do. */
export interface Finding {
  readonly code: Code;
  readonly severity: Severity;
  readonly place: Place;
  /** One sentence without a full stop. */
  readonly message: string;
  /** Lines to paste where there are such, or a sentence. */
  readonly remedy: string;
}

/** What could not be looked at: nobody may take it for healthy. */
export interface Unlooked {
  /** Such as `Secrets of the cluster`. */
  readonly what: string;
  readonly why: string;
}

export interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly unlooked: readonly Unlooked[];
  /** What is proven to be enforced, in words: of a probe. */
  readonly confirmed?: readonly string[];
  /** What was looked at, in words: `12 objects of 3 files`. */
  readonly looked: readonly string[];
}

// oxlint-disable-next-line no-control-regex -- these are what a terminal would obey
const COMMANDS_OF_TERMINALS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Without what a terminal would obey: names and texts come from files and servers of others. */
export function visible(text: string): string {
  return text.replaceAll(COMMANDS_OF_TERMINALS, '\u{fffd}');
}

/**
 * A finding with the severity of its code.
 * @param remedy what comes from outside stands in it as one word of a shell
 */
export function finding(code: Code, place: Place, message: string, remedy: string): Finding {
  const { object, field, file } = place;
  const shown = { object: visible(object), field: visible(field), ...(file !== undefined && { file: visible(file) }) };
  const said = visible(message.replaceAll(/\s*\n\s*/g, ' '));
  return {
    code,
    severity: CODES[code].severity,
    place: { ...place, ...shown },
    message: said,
    remedy: visible(remedy),
  };
}

/** The page of a code, for people. */
export function pageOf(code: Code): string {
  return `docs/doctor/${code}.md`;
}

const RANKS: Readonly<Record<Severity, number>> = { note: 1, warning: 2, error: 3 };

/** Whether a severity is at least as bad as another. */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return RANKS[severity] >= RANKS[least];
}

/** By code, then place: each once. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Map<string, Finding>();
  for (const each of findings) {
    const { object, field, file = '', line = 0 } = each.place;
    seen.set([each.code, file, String(line).padStart(9, '0'), object, field, each.message].join('\n'), each);
  }
  return [...seen].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}
