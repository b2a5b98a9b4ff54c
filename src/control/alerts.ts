import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { systemEgress } from '../egress/system-egress.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Registry } from '../registry/registry.ts';
import type { SlotArchive } from '../rollup/question.ts';
import { followAlerts } from '../serve/alerting.ts';
import type { AlertParts, Alerts } from '../serve/alerting.ts';
import { CentralAlerts } from './central-alerts.ts';
import type { CentralAlertsPorts } from './central-alerts.ts';
import type { CurrentIndex } from './current-index.ts';
import type { ControlFlags } from './flags.ts';

export interface ControlAlertsPorts {
  readonly registry: Registry;
  readonly index: CurrentIndex;
  readonly checking: Pick<CentralAlertsPorts, 'policyKinds' | 'environment' | 'open'>;
  readonly archive: SlotArchive;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly environment: NodeJS.ProcessEnv;
  readonly occurred: AlertParts['occurred'];
}

const NO_QUOTAS =
  'quotas are counted by sidecars, and a control plane has no counters: alert on them in a folder of a sidecar, or in Prometheus';

/** Evaluates the alerts of the log on the counts of all sidecars: of the control planes of one database, one does. */
export async function openControlAlerts(flags: ControlFlags, ports: ControlAlertsPorts): Promise<Alerts> {
  const { archive, checking, environment, index, log, metrics, occurred, registry } = ports;
  const documents = await CentralAlerts.open({
    ...checking,
    registry,
    index,
    clock,
    timers,
    onFault: (detail) => log.error('alerts are evaluated as they were', { detail }),
  });
  const { egress } = systemEgress({ variables: environment, allow: flags.egressAllow, timers });
  const place = {
    dataDir: flags.dataDir,
    nodeId: undefined,
    analyticsDatabase: flags.analyticsDatabase ?? flags.database,
  };
  const quotas = () => Promise.resolve(() => Promise.reject(new Error(NO_QUOTAS)));
  const alerts = followAlerts(place, { documents, egress, log, metrics, quotas, occurred }, archive);
  return {
    async close() {
      await documents.close();
      await alerts?.close();
    },
  };
}
