import { z } from 'zod';
import { ALGORITHMS } from '../jwt/algorithms.ts';

const NONE_REFUSED = 'unsigned tokens are never accepted: "none" is refused';

export const refuseNone = {
  error: (issue: { input?: unknown }) => (issue.input === 'none' ? NONE_REFUSED : undefined),
};
export const text = z.string().min(1);
export const textOrList = z.union([text, z.array(text).min(1)]);
export const listByComma = z.union([z.string(), z.array(text)]);
export const algorithmList = z.array(z.enum(ALGORITHMS, refuseNone)).min(1);

/** A string that separates by comma, or a list. */
export function listOf(value: string | readonly string[] | undefined): readonly string[] {
  const parts = typeof value === 'string' ? value.split(',') : (value ?? []);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Tells a fault of options; a path begins below `config`. */
export type Report = (field: string | readonly (string | number)[], message: string) => void;
