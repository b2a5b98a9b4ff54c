import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import type { Timers } from '../clock.ts';
import { EgressFault, faultOf } from './fault.ts';
import { checkedLookup } from './lookup.ts';
import type { Resolve } from './lookup.ts';
import type { EgressRules } from './rules.ts';

/** A connection to a server that a document names and that does not speak HTTP. It never uses a proxy. */
export interface EgressTarget {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** @throws EgressFault (rejects with it) */
export type EgressConnect = (target: EgressTarget) => Promise<Socket>;

export interface ConnectOptions {
  readonly rules: EgressRules;
  readonly resolve: Resolve;
  readonly timers: Timers;
}

/** Connects over TCP, and only to addresses that the rules permit. */
export function egressConnect({ rules, resolve, timers }: ConnectOptions): EgressConnect {
  return async ({ host, port, timeoutMs }) => {
    // An address needs no look-up of a name.
    const problem = isIP(host) === 0 ? undefined : rules.problemOfAddress(host, host, port);
    if (problem !== undefined) throw new EgressFault('refused', problem);
    // Loaded with the first connection.
    const { connect } = process.getBuiltinModule('node:net');
    const { promise, resolve: connected, reject } = Promise.withResolvers<Socket>();
    const socket = connect({ host, port, lookup: checkedLookup(resolve, rules, port), noDelay: true, keepAlive: true });
    const cancel = timers.after(timeoutMs, () => {
      socket.destroy(new EgressFault('timeout', `no connection within ${timeoutMs} ms`));
    });
    socket.once('connect', () => connected(socket));
    // The user of the connection learns of an error by its end. Without a listener the error would end the process.
    socket.on('error', () => {});
    socket.once('error', reject);
    try {
      return await promise;
    } catch (error) {
      socket.destroy();
      throw faultOf(error);
    } finally {
      cancel();
      socket.removeListener('error', reject);
    }
  };
}
