import type { Deliberation } from './deliberation.ts';

/** How long all shadow policies of a Check together may delay its answer. */
const SHADOW_MS = 20;

const tookTooLong = (): Error => new Error('the shadow policy took too long');

/** Shadow policies must not use the time that enforced policies and the answer need. */
export function withinShadowTime<T>(
  deliberation: Deliberation,
  work: T | Promise<T>,
  tooLate: () => Error = tookTooLong,
): T | Promise<T> {
  if (!(work instanceof Promise)) return work;
  const now = deliberation.ports.clock.monotonic();
  deliberation.shadowUntil ??= now + Math.min(SHADOW_MS, (deliberation.deadline - now) / 4);
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const giveUp = (): void => reject(tooLate());
  const timer = setTimeout(giveUp, Math.max(0, deliberation.shadowUntil - now));
  void work.then(resolve, reject).finally(() => clearTimeout(timer));
  return promise;
}
