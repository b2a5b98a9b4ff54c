import { randomBytes } from 'node:crypto';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { systemEgress } from '../egress/system-egress.ts';
import type { Metrics } from '../observe/metrics.ts';
import { openPeopleTables } from '../people/open.ts';
import { AccessTokens } from '../people/access-tokens.ts';
import { People } from '../people/people.ts';
import type { ControlFlags } from './flags.ts';
import { mailServerOf } from './mail-flags.ts';
import { openNotifying } from './notifying.ts';
import type { Notifying, NotifyingPorts } from './notifying.ts';

export interface OpenEventsPorts extends Pick<
  NotifyingPorts,
  'registry' | 'database' | 'index' | 'checking' | 'log' | 'sidecars'
> {
  readonly metrics: Metrics;
  readonly environment: NodeJS.ProcessEnv;
}

/** Tells people of what happens, over the network. @throws UserError, DatabaseFault (rejects with them) */
export async function openEvents(flags: ControlFlags, ports: OpenEventsPorts): Promise<Notifying> {
  const { environment, metrics, ...rest } = ports;
  const { egress } = systemEgress({ variables: environment, allow: flags.egressAllow, timers });
  const server = await mailServerOf(flags);
  // Loaded where mail is sent.
  const mail = server && (await import('../notify/mail.ts')).mailSender(server);
  const tables = await openPeopleTables(ports.database);
  const people = new People(tables);
  const accessTokens = new AccessTokens({ database: tables, clock, randomBytes });
  return openNotifying({
    ...rest,
    databaseUrl: flags.database,
    person: (name) => people.find(name),
    tokens: () => accessTokens.list('everybody'),
    call: (call) => egress.call(call),
    mail,
    mailsPerHour: flags.mailsPerHour,
    clock,
    timers,
    random: Math.random,
    metrics: metrics.registry,
  });
}
