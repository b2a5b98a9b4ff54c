import type { RequestEvent } from '../analytics/event.ts';
import { eventJson } from './event-json.ts';
import { otlpRecord } from './otlp-record.ts';

/** How events become the body of a request: each is encoded when it arrives, then they are joined. */
export interface Format {
  encode(event: RequestEvent): string;
  readonly head: string;
  readonly separator: string;
  readonly tail: string;
  /** Whether bodies are compressed with gzip. */
  readonly isCompressed: boolean;
}

/** The sender, as resource attributes of OpenTelemetry. */
export interface Origin {
  /** The version of ostiary. */
  readonly version: string;
  /** The value of `--node-id`, or the name of the host. */
  readonly node: string;
}

/** NDJSON: one object on each line. */
export const jsonLines: Format = { encode: eventJson, head: '', separator: '\n', tail: '\n', isCompressed: false };

/** A JSON array of the same objects as in NDJSON. */
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
