import type { Structural } from './structural.ts';

/** A rule in CEL of what a structural schema can't say. It must stay inside the API server's budget: lists on the way have bounds. */
export interface Rule {
  readonly rule: string;
  /** What the author of an object reads. */
  readonly message: string;
  /** The field that is told, from the place of the rule, such as `.window`; absent: the place itself. */
  readonly fieldPath?: string;
}

/** Rules and other additions, by kind and path. */
export type Additions = Readonly<Record<string, Structural>>;

export const rules = (...list: readonly Rule[]): Structural => ({ 'x-kubernetes-validations': list });

/** A regular expression as a text in CEL. */
export const raw = (pattern: string): string => `r'${pattern}'`;

/** A list of texts in CEL. */
export const textList = (texts: readonly string[]): string => `[${texts.map((text) => `'${text}'`).join(', ')}]`;
