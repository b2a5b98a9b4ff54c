import type { Denial } from '../denial/denial.ts';

/**
 * Somebody whom a policy asks gives no answer. It is a failure, so that `onFailure` decides, and it is told with a
 * reason of its own and without a stack.
 */
export class Unavailable extends Error {
  override name = 'Unavailable';
  /** What the request gets with `onFailure: deny`. */
  readonly denial: Denial;
  constructor(denial: Denial) {
    super(denial.detail);
    this.denial = denial;
    // A stack would add nothing to the detail, and one is made for every request while a server is away.
    this.stack = '';
  }
}
