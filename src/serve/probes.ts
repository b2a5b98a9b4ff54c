import type { Clock } from '../clock.ts';
import { outcomeOf } from '../decision/decision.ts';
import type { Decision } from '../decision/decision.ts';
import { denialStatus } from '../decision/denial-status.ts';
import type { CheckObserver } from '../envoy/check-service.ts';
import { PROBE_HEADER } from '../operator/probe-watch.ts';
import type { ProbeDesk, ProbeWatch, Sighting } from '../operator/probe-watch.ts';
import type { Check } from '../request/check.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

export interface SightingPorts {
  readonly watch: ProbeWatch;
  readonly reasons: () => Snapshot['reasons'];
  readonly clock: Pick<Clock, 'now'>;
}

/** Tells the watch of decisions, too. */
export function probed(observer: CheckObserver, { watch, reasons, clock }: SightingPorts): CheckObserver {
  return {
    ...observer,
    decided(decision, check, durationMs, sequence) {
      observer.decided(decision, check, durationMs, sequence);
      if (!watch.isWaiting) return;
      const nonce = check.header(PROBE_HEADER);
      if (nonce !== undefined) watch.saw(nonce, () => sightingOf(decision, check, reasons(), clock.now()));
    },
  };
}

function sightingOf(decision: Decision, check: Check, reasons: Snapshot['reasons'], decidedAt: number): Sighting {
  const { api, denial, answer, policy } = decision;
  return {
    decidedAt,
    outcome: outcomeOf(decision),
    httpStatus: answer?.httpStatus ?? (denial === undefined ? 0 : denialStatus(denial, reasons)),
    reason: denial?.reason ?? '',
    api,
    policy,
    destination: check.destination ?? '',
  };
}

/** Asks this process, and others that decide. */
export function probeDesk(own: ProbeWatch, others: () => readonly ProbeDesk[]): ProbeDesk {
  const all = (): readonly ProbeDesk[] => {
    const mine: ProbeDesk = {
      expect: (nonce) => Promise.resolve(own.expect(nonce)),
      tell: (nonce) => Promise.resolve(own.tell(nonce)),
    };
    return [mine, ...others()];
  };
  return {
    async expect(nonce) {
      const until = await Promise.all(all().map((desk) => desk.expect(nonce)));
      return until.includes(undefined) ? undefined : Math.min(...(until as number[]));
    },
    async tell(nonce) {
      const told = await Promise.all(all().map((desk) => desk.tell(nonce)));
      // What one process does not know may have been decided there.
      if (told.includes(undefined)) return undefined;
      return told.flatMap((sightings) => sightings ?? []).toSorted((a, b) => a.decidedAt - b.decidedAt);
    },
  };
}
