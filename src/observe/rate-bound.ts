/** Admits a number of events per second and counts the rest. */
export interface RateBound {
  /** Whether one more may pass at this monotonic time in milliseconds. */
  admits(nowMs: number): boolean;
  /** Returns how many were refused since the last call, once their second is over; 0 before. */
  settle(nowMs: number): number;
  /** The same without waiting, for the end. */
  settleNow(): number;
}

export function createRateBound(perSecond: number): RateBound {
  let windowStart = Number.NEGATIVE_INFINITY;
  let admitted = 0;
  let refused = 0;

  return {
    admits(nowMs) {
      if (nowMs - windowStart >= 1000) {
        windowStart = nowMs;
        admitted = 0;
      }
      if (admitted < perSecond) {
        admitted += 1;
        return true;
      }
      refused += 1;
      return false;
    },
    settle(nowMs) {
      return refused > 0 && nowMs - windowStart >= 1000 ? this.settleNow() : 0;
    },
    settleNow() {
      const settled = refused;
      refused = 0;
      return settled;
    },
  };
}
