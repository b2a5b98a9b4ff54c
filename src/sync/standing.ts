import type { SidecarRecord } from './sidecar-store.ts';

/** A sidecar from which nothing was heard for so long is not connected, whatever its last control plane has said. */
export const CONTACT_MS = 35_000;

export type Standing = 'in_sync' | 'pending' | 'faulty' | 'unknown_history' | 'unreachable' | 'left' | 'stale';

/** How a sidecar stands to a revision. */
export function standingOf(sidecar: SidecarRecord, revision: number, now: number): Standing {
  const { enforcedRevision, faults, hasLeft, isConnected, lastContactAt, maxStaleMs, otherHistory } = sidecar;
  if (hasLeft) return 'left';
  const awayMs = now - lastContactAt;
  if (!isConnected || awayMs > CONTACT_MS) return maxStaleMs > 0 && awayMs > maxStaleMs ? 'stale' : 'unreachable';
  if (otherHistory !== '') return 'unknown_history';
  if (enforcedRevision >= revision) return 'in_sync';
  return faults.length > 0 ? 'faulty' : 'pending';
}

/** Whether a receipt has to count it: it has joined, and serves. */
export function isCounted(standing: Standing): boolean {
  return standing !== 'left' && standing !== 'stale';
}
