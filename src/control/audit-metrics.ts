import type { AuditObserver } from '../audit/writer.ts';
import { CounterFamily } from '../observe/counter-family.ts';
import type { Log } from '../observe/log.ts';
import type { Registry } from '../observe/prometheus.ts';

/** Counts what becomes of events, and says in the log when that is not well. */
export function auditObserver(registry: Registry, log: Pick<Log, 'error' | 'info'>): AuditObserver {
  const events = new CounterFamily<'action' | 'outcome'>({
    registry,
    name: 'ostiary_audit_events_total',
    help: 'Events of the audit trail that were kept, by action and outcome (done, denied, failed, begun).',
    labels: ['action', 'outcome'],
  });
  const lost = new CounterFamily({
    registry,
    name: 'ostiary_audit_lost_total',
    help: 'Events of the audit trail that could not be kept: their number is an event of its own.',
    labels: [],
  }).series();
  const failures = new CounterFamily({
    registry,
    name: 'ostiary_audit_failures_total',
    help: 'Times that the database did not take events of the audit trail; they are tried again.',
    labels: [],
  }).series();
  let isFailing = false;
  return {
    kept(action, outcome, count) {
      events.series(action, outcome).value += count;
      if (isFailing) log.info('audit trail is kept again');
      isFailing = false;
    },
    failed(fault) {
      failures.value += 1;
      if (!isFailing) log.error('audit trail', { detail: fault instanceof Error ? fault.message : 'it is not kept' });
      isFailing = true;
    },
    lost: (count) => void (lost.value += count),
  };
}
