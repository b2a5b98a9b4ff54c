import type { RequestEvent } from '../analytics/event.ts';
import { eventJson } from './event-json.ts';
import { otlpRecord } from './otlp-record.ts';

/** How events become the body of a request: each by itself when it comes, then put together. */
export interface Format {
  encode(event: RequestEvent): string;
  readonly head: string;
  readonly separator: string;
  readonly tail: string;
  /** With gzip. */
  readonly isCompressed: boolean;
}

/** What sends: resource attributes of OpenTelemetry. */
export interface Origin {
  /** Of ostiary. */
  readonly version: string;
  /** `--node-id`, or the host's name. */
  readonly node: string;
}

/** NDJSON: an object a line. */
export const jsonLines: Format = { encode: eventJson, head: '', separator: '\n', tail: '\n', isCompressed: false };

/** An array of the objects that the file has line by line. */
export const jsonArray: Format = { encode: eventJson, head: '[', separator: ',', tail: ']', isCompressed: true };

/** An `ExportLogsServiceRequest` of OTLP, in its JSON encoding. */
export function otlpLogs({ version, node }: Origin): Format {
  const resource = [
    ['service.name', 'ostiary'],
    ['service.version', version],
    ['service.instance.id', node],
  ].map(([key, value]) => ({ key, value: { stringValue: value } }));
  const scope = JSON.stringify({ name: 'ostiary.analytics', version });
  return {
    encode: otlpRecord,
    head: `{"resourceLogs":[{"resource":{"attributes":${JSON.stringify(resource)}},"scopeLogs":[{"scope":${scope},"logRecords":[`,
    separator: ',',
    tail: ']}]}]}',
    isCompressed: true,
  };
}
