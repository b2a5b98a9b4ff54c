import { X509Certificate } from 'node:crypto';
import { Gauge, type Registry } from 'prom-client';

/** When the certificates that are served end. */
export interface TlsMetrics {
  /**
   * A listener serves this certificate from now on.
   * @param listener such as `grpc`
   * @param certificate PEM; of a chain the earliest end counts
   */
  served(listener: string, certificate: Buffer): void;
}

export function createTlsMetrics(registry: Registry): TlsMetrics {
  const notAfter = new Gauge({
    name: 'ostiary_tls_certificate_not_after_timestamp_seconds',
    help: 'When the served certificate, or one of its chain, ends, in seconds since the Unix epoch.',
    labelNames: ['listener'],
    registers: [registry],
  });
  return {
    served(listener, certificate) {
      const ends = certificatesOf(certificate).map((pem) => new X509Certificate(pem).validToDate.getTime());
      if (ends.length > 0) notAfter.set({ listener }, Math.min(...ends) / 1000);
    },
  };
}

function certificatesOf(chain: Buffer): string[] {
  return chain.toString('latin1').match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
}
