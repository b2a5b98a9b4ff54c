import type { Acknowledgement, Hello } from '../../gen/ostiary/v1/sync_pb.js';
import type { Head } from '../registry/log.ts';
import type { Position } from './position.ts';
import type { RejectionFault } from './rejection.ts';
import type { SidecarReport } from './sidecar-store.ts';

// What sidecars tell is kept, so it has bounds.

const MOST_LABELS = 64;
const MOST_FAULTS = 20;

export function firstReport(node: string, { labels, maxStaleMs, version }: Hello, now: number): SidecarReport {
  const kept = Object.entries(labels).slice(0, MOST_LABELS);
  return {
    node,
    version: version.slice(0, 100),
    labels: Object.fromEntries(kept.map(([name, value]) => [name.slice(0, 253), value.slice(0, 253)])),
    enforcedRevision: 0,
    enforcedAt: now,
    faults: [],
    otherHistory: '',
    maxStaleMs: Number(maxStaleMs),
    isConnected: true,
    hasLeft: false,
    lastContactAt: now,
  };
}

export function acknowledged({ maxStaleMs }: Acknowledgement, now: number): Partial<SidecarReport> {
  return { enforcedAt: now, faults: [], ...(maxStaleMs !== undefined && { maxStaleMs: Number(maxStaleMs) }) };
}

export function boundedFaults(faults: readonly RejectionFault[]): readonly RejectionFault[] {
  return faults.slice(0, MOST_FAULTS).map(({ resource, field, message }) => ({
    resource: resource.slice(0, 500),
    field: field.slice(0, 200),
    message: message.slice(0, 1000),
  }));
}

export function refusalText(
  { history, revision }: Pick<Head, 'history' | 'revision'>,
  told: Position | undefined,
): string {
  return `revision ${told?.revision} of ${told?.history} is not in this log, which is ${history} at revision ${revision}`;
}
