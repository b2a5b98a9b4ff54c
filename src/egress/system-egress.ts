import type { Timers } from '../clock.ts';
import { createEgress } from './egress.ts';
import type { Egress } from './egress.ts';
import { systemResolve } from './lookup.ts';
import type { ProxyVariables } from './proxy.ts';
import { egressRules } from './rules.ts';
import { egressTransport } from './transport.ts';
import type { EgressTransport } from './transport.ts';

export interface SystemEgressOptions {
  readonly variables: ProxyVariables;
  /** What `--egress-allow` says. */
  readonly allow: readonly string[];
  readonly timers: Timers;
}

/** Egress over the network. The transport is the same without its bounds, for key sets, which have their own. */
export function systemEgress({ variables, allow, timers }: SystemEgressOptions): {
  readonly egress: Egress;
  readonly transport: EgressTransport;
} {
  const rules = egressRules(allow);
  const resolve = systemResolve();
  const transport = egressTransport({ variables, rules, resolve, timers });
  return { transport, egress: createEgress({ transport, timers, rules, resolve }) };
}
