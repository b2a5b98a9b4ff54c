import type { AuditEvent } from '../audit/event.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { Inside } from '../database/inside.ts';
import type { Admission } from '../sync/callers.ts';
import type { Joined } from '../sync/sidecar-store.ts';
import type { StoredSidecars } from './sidecar-store.ts';

/** Sidecars that join from an address: each is in the audit trail, or has not joined. */
export function recordedJoins(
  store: Pick<StoredSidecars, 'in'>,
  trail: Pick<AuditTrail, 'recorded'>,
  address: string,
): Admission {
  const recorded = (node: string, work: (inside: Inside) => Promise<Joined>): Promise<Joined> =>
    trail.recorded(work, ({ result }) => (result === 'joined' ? joinedEvent(node, address) : undefined));
  return {
    join: (joining) => recorded(joining.node, (inside) => store.in(inside).join(joining)),
    admit: (admission) => recorded(admission.node, (inside) => store.in(inside).admit(admission)),
  };
}

function joinedEvent(node: string, address: string): AuditEvent {
  return { action: 'sidecar.joined', outcome: 'done', caller: { name: `sidecar:${node}`, credential: '', address } };
}
