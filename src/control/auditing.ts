import { openAudit } from '../audit/open.ts';
import type { OpenedAudit } from '../audit/open.ts';
import type { Clock, Timers } from '../clock.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../observe/log.ts';
import type { Registry } from '../observe/prometheus.ts';
import type { RegistryTables } from '../registry/tables.ts';
import { auditObserver } from './audit-metrics.ts';
import { AuditedCalls } from './audited.ts';

export interface AuditingPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly registry: Registry;
}

export interface Auditing extends OpenedAudit {
  readonly calls: AuditedCalls;
}

/**
 * The audit trail of a control plane, and what brings it there.
 * @throws DatabaseFault (rejects with it)
 */
export async function openAuditing(database: Database<RegistryTables>, ports: AuditingPorts): Promise<Auditing> {
  const observer = auditObserver(ports.registry, ports.log);
  const opened = await openAudit(database, { ...ports, observer });
  return { ...opened, calls: new AuditedCalls(opened.trail) };
}
