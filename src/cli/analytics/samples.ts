import { toJson } from '@bufbuild/protobuf';
import { ListSamplesResponseSchema, SampleSchema } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { Sample } from '../../../gen/ostiary/v1/analytics_pb.js';
import { PolicyStep_Mode as Mode, PolicyStep_Result as Result } from '../../../gen/ostiary/v1/inspection_pb.js';
import { ask, printJson, timeOf } from './asking.ts';
import { csv } from '../../csv.ts';
import { conditionsOf } from './dimension-flags.ts';
import type { Values } from './flags.ts';
import { shown } from './shown.ts';
import { isoOf, msOf } from './usage.ts';
import { bytes, duration, moment } from './units.ts';

/** `ostiary analytics samples`. @throws UserError */
export async function printSamples(values: Values): Promise<void> {
  const { api = '', client = '', reason = '', id = '', limit, where } = values;
  const request = { ...timeOf(values), api, client, reason, id, limit, where: conditionsOf(where) };
  const { samples } = await ask('ListSamples', request, ListSamplesResponseSchema, values);
  if (values.output === 'json') return printJson({ samples: samples.map(sampleJson) });
  process.stdout.write(values.output === 'csv' ? toCsv(samples) : toText(samples));
}

/** Numbers instead of the texts that protobuf's JSON has for them. */
export function sampleJson(sample: Sample): object {
  return {
    ...(toJson(SampleSchema, sample) as object),
    status: sample.status,
    requestBytes: Number(sample.requestBytes),
    responseBytes: Number(sample.responseBytes),
  };
}

const FIELDS = [
  'received',
  'api',
  'route',
  'client',
  'contract',
  'tier',
  'method',
  'status',
  'outcome',
  'policy',
  'reason',
];

function toCsv(samples: readonly Sample[]): string {
  return csv(
    [...FIELDS, 'duration_ms', 'client_address', 'source', 'request_id', 'trace_id', 'id'],
    samples.map((each) => [
      isoOf(each.received),
      each.api,
      each.route,
      each.client,
      each.contract,
      each.tier,
      each.method,
      each.status,
      each.outcome,
      each.policy,
      each.reason,
      each.durationMs,
      each.clientAddress,
      each.source,
      each.requestId,
      each.traceId,
      each.id,
    ]),
  );
}

const NONE =
  'no sample is kept of such requests: of each API, client and reason the last 20 denials are kept, and 1 in 100 other\n' +
  'requests, for 24 hours, once Envoy has begun to stream its access log\n';

function toText(samples: readonly Sample[]): string {
  if (samples.length === 0) return NONE;
  return `${samples.map(paragraphOf).join('\n\n')}\n`;
}

/** What happened, who it was, and what each policy did. */
export function paragraphOf(sample: Sample): string {
  const { method, route, status, outcome, policy, reason, durationMs, responseBytes } = sample;
  const end = status === 0 ? 'no answer' : String(status);
  const time = durationMs === undefined ? '' : ` in ${duration(durationMs)}`;
  const size = responseBytes > 0n ? `, ${bytes(Number(responseBytes))}` : '';
  const why = reason === '' ? '' : `: ${reason}${policy === '' ? '' : ` by ${policy}`}`;
  const lines = [
    `${moment(msOf(sample.received))} UTC  ${method} ${route}  ${end}${time}${size}`,
    `  ${outcome}${why}`,
    named({
      api: sample.apiVersion === '' ? sample.api : `${sample.api} ${sample.apiVersion}`,
      client: sample.client,
      contract: sample.contract,
      tier: sample.tier,
    }),
    named({
      from: sample.clientAddress,
      'user agent': sample.userAgent,
      source: sample.source,
      service: sample.service,
      upstream: sample.upstreamHost,
    }),
    named({
      flags: sample.responseFlags.join(','),
      details: sample.details,
      shadow: sample.shadow.join(', '),
      request: sample.requestId,
      trace: sample.traceId,
    }),
    ...sample.steps.flatMap((step) => {
      const shadow = step.mode === Mode.SHADOW ? ' (shadow)' : '';
      const result = Result[step.result].toLowerCase().replaceAll('_', ' ');
      const refused = step.reason === '' ? '' : `, ${step.reason}`;
      const line = `  ${step.name}${shadow}: ${result}${refused} in ${duration(step.durationMs)}`;
      return step.detail === '' ? [line] : [line, `    ${step.detail}`];
    }),
  ];
  return lines
    .filter((line) => line !== '')
    .map(shown)
    .join('\n');
}

function named(values: Readonly<Record<string, string>>): string {
  const known = Object.entries(values).filter(([, value]) => value !== '');
  return known.length === 0 ? '' : `  ${known.map(([name, value]) => `${name} ${value}`).join('  ')}`;
}
