import { Counter, Gauge } from './prometheus.ts';
import type { Registry } from './prometheus.ts';
import { zeroCounters } from '../http2/transport-events.ts';
import type { TransportCounters, TransportObserver } from '../http2/transport-events.ts';

/** The sums that a listener keeps, and what Prometheus calls them. */
const SUMS: Readonly<Record<keyof TransportCounters, readonly [name: string, help: string]>> = {
  connectionsOpened: ['connections_opened_total', 'Connections accepted.'],
  connectionsClosed: ['connections_closed_total', 'Connections ended, by either side.'],
  connectionErrors: ['connection_errors_total', 'Connections ended because the peer broke the protocol or a limit.'],
  streamsOpened: ['streams_opened_total', 'Streams opened.'],
  streamErrors: ['stream_errors_total', 'Streams ended with RST_STREAM other than NO_ERROR.'],
  callsOk: ['calls_ok_total', 'Calls that ended with status OK; a denial is one.'],
  callsFailed: ['calls_failed_total', 'Calls that ended with another status.'],
  callsCancelled: ['calls_cancelled_total', 'Calls that the peer cancelled or lost with its connection.'],
  bytesRead: ['read_bytes_total', 'Bytes read.'],
  bytesWritten: ['written_bytes_total', 'Bytes written.'],
};

/**
 * The observer of a listener's transport.
 * @param listener such as `grpc`
 */
export type ObserveTransport = (listener: string) => TransportObserver;

export function createTransportMetrics(registry: Registry): ObserveTransport {
  const listeners = new Map<string, TransportCounters>();

  for (const [sum, [name, help]] of Object.entries(SUMS)) {
    void new Counter({
      name: `ostiary_rpc_${name}`,
      help,
      labelNames: ['listener'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [listener, counters] of listeners) {
          this.inc({ listener }, counters[sum as keyof TransportCounters]);
        }
      },
    });
  }
  void new Gauge({
    name: 'ostiary_rpc_connections',
    help: 'Connections that are open.',
    labelNames: ['listener'],
    registers: [registry],
    collect() {
      for (const [listener, counters] of listeners) {
        this.set({ listener }, counters.connectionsOpened - counters.connectionsClosed);
      }
    },
  });
  const abuse = new Counter({
    name: 'ostiary_rpc_abuse_total',
    help: 'Peers that were stopped, by how they would have hurt the service.',
    labelNames: ['listener', 'kind'],
    registers: [registry],
  });

  const internalErrors = new Counter({
    name: 'ostiary_rpc_internal_errors_total',
    help: 'Connections and calls that ended by a fault of our own.',
    labelNames: ['listener'],
    registers: [registry],
  });

  return (listener) => {
    const counters = listeners.get(listener) ?? zeroCounters();
    listeners.set(listener, counters);
    return {
      counters,
      onAbuse: (kind) => abuse.inc({ listener, kind }),
      onInternalError: () => internalErrors.inc({ listener }),
    };
  };
}
