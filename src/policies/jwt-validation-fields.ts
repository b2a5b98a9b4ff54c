import { z } from 'zod';
import { ALGORITHMS } from '../jwt/algorithms.ts';
import { parseClaimPath } from '../jwt/claim-path.ts';
import type { ClaimPath } from '../jwt/claim-path.ts';

const NONE_REFUSED = 'unsigned tokens are never accepted: "none" is refused';

export const refuseNone = {
  error: (issue: { input?: unknown }) => (issue.input === 'none' ? NONE_REFUSED : undefined),
};
export const text = z.string().min(1);
export const textOrList = z.union([text, z.array(text).min(1)]);
export const listByComma = z.union([z.string(), z.array(text)]);
export const algorithmList = z.array(z.enum(ALGORITHMS, refuseNone)).min(1);

/** Accepts a text with commas, or a list. */
export function listOf(value: string | readonly string[] | undefined): readonly string[] {
  const parts = typeof value === 'string' ? value.split(',') : (value ?? []);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Reports a fault of the options. The path begins below `config`. */
export type Report = (field: string | readonly (string | number)[], message: string) => void;

export const claimPath = text.superRefine((value, context) => {
  const path = parseClaimPath(value);
  if (typeof path === 'string') context.addIssue({ code: 'custom', message: path });
});

/** Exactly one of the two fields must be set, so that it is clear whether a dot is part of a name. */
export function oneOf<Name extends string>(name: Name, value: Partial<Record<Name | 'path', unknown>>): boolean {
  return (value[name] === undefined) !== (value.path === undefined);
}

/** Parses a text that {@link claimPath} has accepted. */
export function pathOf(written: string): ClaimPath {
  const path = parseClaimPath(written);
  if (typeof path === 'string') throw new TypeError(`the path ${path}`);
  return path;
}
