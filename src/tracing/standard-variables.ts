import { UserError } from '../errors.ts';
import type { Attribute } from './spans.ts';

/**
 * Reads the standard environment variables of OpenTelemetry that describe this process, and how to reach the
 * collector (OpenTelemetry, "Environment Variable Specification").
 */
const HEADERS = ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS'];

/**
 * Headers for the collector, such as its token; they are never logged.
 * @throws UserError if they are malformed
 */
export function headersOf(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const variable = HEADERS.find((name) => (environment[name] ?? '') !== '');
  if (variable === undefined) return {};
  return Object.fromEntries(pairsOf(variable, environment).map(([name, value]) => [name.toLowerCase(), value]));
}

/** @param instance distinguishes processes with the same name */
export function resourceOf(environment: NodeJS.ProcessEnv, version: string, instance: string): readonly Attribute[] {
  const values = new Map([
    ['service.name', 'ostiary'],
    ['service.version', version],
    ['service.instance.id', instance],
    ...pairsOf('OTEL_RESOURCE_ATTRIBUTES', environment),
  ]);
  const name = environment['OTEL_SERVICE_NAME'] ?? '';
  if (name !== '') values.set('service.name', name);
  return [...values].map(([key, value]) => ({ key, value: { stringValue: value } }));
}

/** Parses `key=value,key=value` with percent-encoded values. Errors never contain a value, since it may be a secret. */
function pairsOf(variable: string, environment: NodeJS.ProcessEnv): readonly (readonly [string, string])[] {
  const text = environment[variable] ?? '';
  return text
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map((pair, index) => {
      const [, key = '', value = ''] = /^\s*([^\s=]+)\s*=(.*)$/.exec(pair) ?? [];
      const decoded = decode(value.trim());
      if (key !== '' && decoded !== undefined) return [key, decoded] as const;
      throw new UserError(
        `${variable}: entry ${index + 1} is not of the form key=value, with the value percent-encoded`,
        2,
      );
    });
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
