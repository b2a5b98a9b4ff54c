import { fraction, text } from '../flags.ts';

export const tracingFlags = {
  tracesOtlp: text(
    undefined,
    'URL',
    'send spans of Checks to this OpenTelemetry Collector, by OTLP over HTTP; without a path, /v1/traces is meant',
    collectorUrl,
  ),
  tracesSample: fraction(
    0.01,
    'share of Checks traced of those that belong to no trace yet; others follow their trace',
  ),
};

function collectorUrl(given: string): string | undefined {
  const url = URL.parse(given);
  const isHttp = url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
  if (isHttp && url.username === '' && url.password === '') return undefined;
  return 'expected a URL such as http://collector:4318, without a user (OTEL_EXPORTER_OTLP_HEADERS may have a token)';
}
