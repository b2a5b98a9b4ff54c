import type { Check } from '../check.ts';

/** Compiled `rules` of a binding: OR between them, AND inside one. */
export interface Rules {
  /** @param path the normalised path after the API's base path, starting with `/` */
  match(check: Check, path: string): boolean;
}
