import { Gauge } from './prometheus.ts';
import type { Registry } from './prometheus.ts';

/** When the certificates that are served end. */
export interface TlsMetrics {
  /**
   * A listener serves a certificate from now on.
   * @param listener such as `grpc`
   * @param notAfter when it ends, in milliseconds since the Unix epoch
   */
  served(listener: string, notAfter: number): void;
}

export function createTlsMetrics(registry: Registry): TlsMetrics {
  const ends = new Gauge({
    name: 'ostiary_tls_certificate_not_after_timestamp_seconds',
    help: 'When the served certificate ends, in seconds since the Unix epoch.',
    labelNames: ['listener'],
    registers: [registry],
  });
  return {
    served(listener, notAfter) {
      ends.set({ listener }, notAfter / 1000);
    },
  };
}
