import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { systemEgress } from '../egress/system-egress.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { ControlFlags } from './flags.ts';
import { openNotifying } from './notifying.ts';
import type { Notifying, NotifyingPorts } from './notifying.ts';

export interface OpenEventsPorts extends Pick<NotifyingPorts, 'registry' | 'database' | 'index' | 'checking' | 'log'> {
  readonly metrics: Metrics;
  readonly environment: NodeJS.ProcessEnv;
}

/** Tells people of what happens, over the network. @throws UserError, DatabaseFault (rejects with them) */
export async function openEvents(flags: ControlFlags, ports: OpenEventsPorts): Promise<Notifying> {
  const { environment, metrics, ...rest } = ports;
  const { egress } = systemEgress({ variables: environment, allow: flags.egressAllow, timers });
  return openNotifying({
    ...rest,
    databaseUrl: flags.database,
    call: (call) => egress.call(call),
    mail: undefined,
    clock,
    timers,
    random: Math.random,
    metrics: metrics.registry,
  });
}
