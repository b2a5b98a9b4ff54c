import type { HeaderEntry } from '../request/header-entry.ts';
import type { WindowState } from './store.ts';

/** The greatest integer of a structured field (RFC 9651, 3.3.1). */
const GREATEST_INTEGER = 999_999_999_999_999;

/**
 * The headers that tell a caller about its quota: those of the reference (`x-ratelimit-*`, reset in milliseconds) and
 * those of draft-ietf-httpapi-ratelimit-headers-10 (seconds, rounded up). Of several windows, the headers show the most
 * restrictive one; `RateLimit-Policy` lists all.
 * @param refusedCost units the caller asked for and was refused; 0 if it was admitted
 */
export function rateHeaders(windows: readonly WindowState[], refusedCost = 0): HeaderEntry[] {
  const names = uniqueNames(windows);
  const index = mostRestrictive(windows, refusedCost);
  const window = windows[index];
  if (window === undefined) return [];
  const { limit, remaining, resetMs } = window;
  return [
    ['x-ratelimit-limit', String(limit.maximumRequests)],
    ['x-ratelimit-remaining', String(remaining)],
    ['x-ratelimit-reset', String(Math.ceil(resetMs))],
    ...quotaPolicy(windows, names),
    ['ratelimit', `${names[index]};r=${integer(remaining)};t=${integer(seconds(resetMs))}`],
  ];
}

/** The quotas alone. */
export function quotaPolicy(windows: readonly WindowState[], names = uniqueNames(windows)): HeaderEntry[] {
  if (windows.length === 0) return [];
  const policies = windows.map(({ limit: { maximumRequests, timePeriodInMilliseconds } }, i) => {
    return `${names[i]};q=${integer(maximumRequests)};w=${integer(Math.ceil(timePeriodInMilliseconds / 1000))}`;
  });
  return [['ratelimit-policy', policies.join(',')]];
}

/** When a refused request may succeed, in seconds: agrees with `t` of the `RateLimit` header. */
export function retryAfter(windows: readonly WindowState[], refusedCost: number): HeaderEntry {
  const window = windows[mostRestrictive(windows, refusedCost)];
  return ['retry-after', String(seconds(window?.resetMs ?? 0))];
}

/**
 * For a refusal, the window that refuses longest: before it ends, no retry can succeed. For an admission, the window
 * with the fewest units left; of equal ones, the one that ends last.
 */
function mostRestrictive(windows: readonly WindowState[], refusedCost: number): number {
  let found = -1;
  for (const [index, window] of windows.entries()) {
    const best = windows[found];
    if (best === undefined || isStricter(window, best, refusedCost)) found = index;
  }
  return found;
}

function isStricter(window: WindowState, than: WindowState, refusedCost: number): boolean {
  const refuses = window.remaining < refusedCost;
  if (refuses !== than.remaining < refusedCost) return refuses;
  if (!refuses && window.remaining !== than.remaining) return window.remaining < than.remaining;
  return window.resetMs > than.resetMs;
}

/** A caller told to come back in 0 seconds would come back at once. */
function seconds(resetMs: number): number {
  return Math.max(1, Math.ceil(resetMs / 1000));
}

function integer(value: number): number {
  return Math.min(value, GREATEST_INTEGER);
}

/**
 * Quoted strings (RFC 9651, 3.3.3): the limit's own name, or one derived from its position; never the same name twice.
 */
function uniqueNames(windows: readonly WindowState[]): string[] {
  const used = new Set<string>();
  return windows.map(({ limit }, index) => {
    const plain = (limit.name ?? `limit-${index + 1}`).replaceAll(/[^\x20-\x7e]/g, '?');
    let name = plain;
    for (let copy = 2; used.has(name); copy++) name = `${plain}-${copy}`;
    used.add(name);
    return `"${name.replaceAll(/["\\]/g, '\\$&')}"`;
  });
}
