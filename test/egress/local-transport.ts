import { systemTimers } from '../../src/clock.ts';
import { systemEgress } from '../../src/egress/system-egress.ts';
import type { ProxyVariables } from '../../src/egress/proxy.ts';
import type { EgressTransport } from '../../src/egress/transport.ts';

/** The real network, loopback among it. */
export function localEgress(variables: ProxyVariables = {}): ReturnType<typeof systemEgress> {
  const allow = ['127.0.0.0/8', '::1', 'localhost'];
  return systemEgress({ variables, allow, timers: systemTimers });
}

export function localTransport(variables: ProxyVariables = {}): EgressTransport {
  return localEgress(variables).transport;
}
