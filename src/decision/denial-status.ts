import type { Denial } from '../denial/denial.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

/** The HTTP status of a denial, as its caller sees it; 0 if its reason is not in the table. */
export function denialStatus(denial: Denial, reasons: Snapshot['reasons']): number {
  // The compiler can't know that an entry gets a denial of its own reason.
  const { httpStatus = 0 } = (reasons[denial.reason] ?? {}) as { readonly httpStatus?: unknown };
  return typeof httpStatus === 'function' ? (httpStatus as (denied: Denial) => number)(denial) : Number(httpStatus);
}
