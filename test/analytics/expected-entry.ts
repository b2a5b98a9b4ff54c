import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';
import type { Address, SocketAddress } from '../../gen/envoy/config/core/v3/address_pb.js';
import { RequestMethod } from '../../gen/envoy/config/core/v3/base_pb.js';
import { ResponseFlagsSchema } from '../../gen/envoy/data/accesslog/v3/accesslog_pb.js';
import type {
  AccessLogCommon,
  HTTPAccessLogEntry,
  TCPAccessLogEntry,
} from '../../gen/envoy/data/accesslog/v3/accesslog_pb.js';
import { Span, Time } from '../../src/analytics/entry.ts';
import type { Entry } from '../../src/analytics/entry.ts';

const FIELDS = [
  ...([
    'type',
    'isIntermediate',
    'hasUpstream',
    'flags',
    'isUnauthorized',
    'method',
    'methodNumber',
    'status',
  ] as const),
  ...(['requestHeaderBytes', 'requestBodyBytes', 'responseHeaderBytes', 'responseBodyBytes', 'checkMs'] as const),
  ...(['details', 'decision', 'api', 'clientId', 'tier', 'contract', 'policy', 'reason', 'id', 'service'] as const),
  ...(['peerUri', 'remoteAddress', 'localAddress', 'upstreamAddress', 'forwardedCert'] as const),
];

/** All that is read of an entry. */
export function pick(entry: Entry): object {
  return {
    ...Object.fromEntries(FIELDS.map((name) => [name, entry[name]])),
    texts: Object.fromEntries(Object.entries(Span).map(([name, at]) => [name, entry.text(at)])),
    times: Object.fromEntries(Object.entries(Time).map(([name, at]) => [name, entry.timeMs(at)])),
    ports: entry.ports.slice(),
  };
}

function milliseconds(time: Duration | Timestamp | undefined): number {
  if (time === undefined) return Number.NaN;
  // Rounded, the largest numbers are those of negative ones.
  const seconds = Number(BigInt.asUintN(64, time.seconds));
  return (seconds >= 2 ** 63 ? -1 : seconds) * 1000 + time.nanos / 1e6;
}

function socketOf(address: Address | undefined): SocketAddress | undefined {
  return address?.address.case === 'socketAddress' ? address.address.value : undefined;
}

function portOf(address: Address | undefined): number {
  const port = socketOf(address)?.portSpecifier;
  return port?.case === 'portValue' ? port.value : 0;
}

function hostAndPort(address: Address | undefined): string {
  const host = socketOf(address)?.address ?? '';
  return host === '' ? '' : `${host.includes(':') ? `[${host}]` : host}:${portOf(address)}`;
}

const own = <T>(map: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;

function expectedOfCommon(common: AccessLogCommon | undefined, filter: string) {
  const ours = own(common?.metadata?.filterMetadata, filter);
  const told = (name: string): string => {
    const value = own(ours, name);
    return typeof value === 'string' ? value : '';
  };
  const checkMs = own(ours, 'ext_authz_duration');
  const flags = common?.responseFlags;
  const flagged = ResponseFlagsSchema.fields.filter(({ localName }) => {
    const value = flags?.[localName as keyof typeof flags];
    return value !== undefined && value !== false;
  });
  const names = common?.tlsProperties?.peerCertificateProperties?.subjectAltName ?? [];
  const uris = names.flatMap(({ san }) => (san.case === 'uri' && san.value !== '' ? [san.value] : []));
  const [remote, local] = [common?.downstreamRemoteAddress, common?.downstreamLocalAddress];
  const upstream = common?.upstreamRemoteAddress;
  return {
    type: common?.accessLogType ?? 0,
    isIntermediate: common?.intermediateLogEntry ?? false,
    hasUpstream: upstream !== undefined,
    flags: flagged.reduce((bits, { number }) => bits | (1 << number), 0),
    isUnauthorized: flags?.unauthorizedDetails !== undefined,
    checkMs: typeof checkMs === 'number' ? checkMs : Number.NaN,
    localAddress: hostAndPort(local),
    upstreamAddress: hostAndPort(upstream),
    ports: [portOf(remote), portOf(local), portOf(upstream)],
    texts: {
      cluster: common?.upstreamCluster ?? '',
      peerUri: uris[0] ?? '',
      remoteAddress: socketOf(remote)?.address ?? '',
      localAddress: socketOf(local)?.address ?? '',
      upstreamAddress: socketOf(upstream)?.address ?? '',
      api: told('api'),
      clientId: told('client_id'),
      clientName: told('client_name'),
      contract: told('contract'),
      tier: told('tier'),
      policy: told('policy'),
      decision: told('outcome'),
      reason: told('reason'),
      shadow: told('shadow'),
      id: told('id'),
    },
    times: {
      start: milliseconds(common?.startTime),
      upstreamSent: milliseconds(common?.timeToFirstUpstreamTxByte),
      upstreamReceived: milliseconds(common?.timeToFirstUpstreamRxByte),
      duration: milliseconds(common?.duration),
    },
  };
}

const REQUEST_TEXTS = [
  'details',
  'path',
  'originalPath',
  'userAgent',
  'requestId',
  'methodHeader',
  'traceparent',
  'b3',
];
const HEADER_TEXTS = ['b3TraceId', 'forwardedCert', 'grpcStatusHeader', 'grpcStatusTrailer'];
const NO_TEXTS = Object.fromEntries(['authority', ...REQUEST_TEXTS, ...HEADER_TEXTS].map((name) => [name, '']));

/** The same as protobuf-es reads it. */
export function expected({ commonProperties: common, request, response }: HTTPAccessLogEntry): object {
  const { texts, ...rest } = expectedOfCommon(common, 'envoy.filters.http.ext_authz');
  const header = (name: string): string => own(request?.requestHeaders, name) ?? '';
  const number: number = request?.requestMethod ?? 0;
  const named = ['PROPFIND', 'SEARCH', 'QUERY'].find((name) => name === header(':method')) ?? '_other';
  const all = {
    ...texts,
    details: response?.responseCodeDetails ?? '',
    authority: request?.authority ?? '',
    path: request?.path ?? '',
    originalPath: request?.originalPath ?? '',
    userAgent: request?.userAgent ?? '',
    requestId: request?.requestId ?? '',
    methodHeader: header(':method'),
    traceparent: header('traceparent'),
    b3: header('b3'),
    b3TraceId: header('x-b3-traceid'),
    forwardedCert: header('x-forwarded-client-cert'),
    grpcStatusHeader: own(response?.responseHeaders, 'grpc-status') ?? '',
    grpcStatusTrailer: own(response?.responseTrailers, 'grpc-status') ?? '',
  };
  return {
    ...withTexts(rest, all),
    methodNumber: number,
    method: number >= 1 && number <= 9 ? RequestMethod[number] : named,
    status: response?.responseCode ?? 0,
    requestHeaderBytes: Number(request?.requestHeadersBytes ?? 0n),
    requestBodyBytes: Number(request?.requestBodyBytes ?? 0n),
    responseHeaderBytes: Number(response?.responseHeadersBytes ?? 0n),
    responseBodyBytes: Number(response?.responseBodyBytes ?? 0n),
  };
}

/** The same of a connection. */
export function expectedOfTcp({ commonProperties, connectionProperties }: TCPAccessLogEntry): object {
  const { texts, ...rest } = expectedOfCommon(commonProperties, 'envoy.filters.network.ext_authz');
  return {
    ...withTexts(rest, {
      ...NO_TEXTS,
      ...texts,
    }),
    methodNumber: 0,
    method: 'TCP',
    status: 0,
    requestHeaderBytes: 0,
    responseHeaderBytes: 0,
    requestBodyBytes: Number(connectionProperties?.receivedBytes ?? 0n),
    responseBodyBytes: Number(connectionProperties?.sentBytes ?? 0n),
  };
}

/** What has a getter of its own, too. */
function withTexts(rest: object, texts: Readonly<Record<string, string>>): object {
  const { details, decision, api, clientId, tier, contract, policy, reason, id, peerUri, remoteAddress } = texts;
  const getters = { details, decision, api, clientId, tier, contract, policy, reason, id, peerUri, remoteAddress };
  return { ...rest, ...getters, service: texts['cluster'], forwardedCert: texts['forwardedCert'], texts };
}
