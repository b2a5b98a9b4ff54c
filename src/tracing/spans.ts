import type { Decision } from '../decision/decision.ts';
import { outcomeOf } from '../decision/decision.ts';
import { CODE_NAMES } from '../otlp.ts';
import type { EndedCheck, StoreCall, TimedStep } from './check-trace.ts';

/** The fields that are used of `opentelemetry.proto.trace.v1.Span`, in OTLP's JSON. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  /** Bits 0–7 are those of `traceparent`; bits 8 and 9 say that the parent is remote. */
  readonly flags: number;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status?: { readonly code: typeof STATUS_ERROR };
}

export interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string } | { readonly boolValue: boolean };
}

const SpanKind = { internal: 1, server: 2, client: 3 } as const;
type SpanKind = (typeof SpanKind)[keyof typeof SpanKind];
const STATUS_ERROR = 2;
const SAMPLED = 0x01;
const HAS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

const METHOD = 'envoy.service.auth.v3.Authorization/Check';

export interface SpanPorts {
  /** Converts monotonic milliseconds to milliseconds since the Unix epoch. */
  readonly wallMs: (monotonicMs: number) => number;
  readonly randomHex: (bytes: number) => string;
  /** What holds the counters: `redis` or `memory`. */
  readonly store: string;
}

type Values = Readonly<Record<string, string | number | boolean | undefined>>;

/** The fields that all spans of a Check share. */
interface Common {
  readonly traceId: string;
  readonly traceState?: string;
}

/**
 * Makes the spans of a Check: first its own, then one for each policy that was asked and each call of the counter
 * store.
 */
export function spansOf(check: EndedCheck, ports: SpanPorts): readonly Span[] {
  const { parent, traceId } = check.trace;
  const common: Common = { traceId, ...(parent !== undefined && parent.state !== '' && { traceState: parent.state }) };
  const own: Span = {
    ...common,
    spanId: ports.randomHex(8),
    ...(parent && { parentSpanId: parent.spanId }),
    flags: SAMPLED | HAS_REMOTE | (parent === undefined ? 0 : IS_REMOTE),
    name: METHOD,
    kind: SpanKind.server,
    ...timesOf(check.startedAt, check.endedAt, ports),
    attributes: attributesOf(checkValues(check)),
    ...(isFailure(check) && { status: { code: STATUS_ERROR } }),
  };
  const spans = [own];
  const add = (startedAt: number, endedAt: number, what: Described): void => {
    const ids = { ...common, spanId: ports.randomHex(8), parentSpanId: own.spanId, flags: SAMPLED | HAS_REMOTE };
    spans.push({ ...ids, ...timesOf(startedAt, endedAt, ports), ...what });
  };
  for (const timed of check.steps) {
    const { startedAt, step } = timed;
    if (step.result === 'not_applicable' || step.result === 'not_reached') continue;
    add(startedAt, startedAt + step.durationMs, ofPolicy(timed));
  }
  for (const call of check.calls) add(call.startedAt, call.endedAt, ofStore(call, ports.store));
  return spans;
}

type Described = Pick<Span, 'name' | 'kind' | 'attributes' | 'status'>;

function ofPolicy({ step }: TimedStep): Described {
  const { name, policy, mode, result, denial, cost } = step;
  return {
    name: `policy ${name}`,
    kind: SpanKind.internal,
    attributes: attributesOf({
      'ostiary.policy.name': name,
      'ostiary.policy.kind': policy,
      'ostiary.policy.mode': mode,
      'ostiary.policy.result': result,
      'ostiary.reason': denial?.reason,
      'ostiary.cost': cost,
      'error.type': result === 'failed' ? (denial?.reason ?? '_OTHER') : undefined,
    }),
    ...(result === 'failed' && { status: { code: STATUS_ERROR } }),
  };
}

/** A span of a database client if a remote store was waited for. */
function ofStore(call: StoreCall, store: string): Described {
  const isRemote = store === 'redis' && call.hasWaited;
  return {
    name: 'charge counters',
    kind: isRemote ? SpanKind.client : SpanKind.internal,
    attributes: attributesOf({
      'db.system.name': isRemote ? store : undefined,
      'ostiary.store.name': store,
      'ostiary.store.counters': call.demands,
      'ostiary.store.result': call.result,
      'ostiary.store.waited': call.hasWaited,
      'error.type': call.result === 'failed' ? 'store_unavailable' : undefined,
    }),
    ...(call.result === 'failed' && { status: { code: STATUS_ERROR } }),
  };
}

function checkValues({ decision, code, method }: EndedCheck): Values {
  return {
    'rpc.system.name': 'grpc',
    'rpc.method': METHOD,
    'rpc.response.status_code': CODE_NAMES[code] ?? String(code),
    'http.request.method': method === '' ? undefined : methodOf(method),
    ...(decision === undefined ? { 'error.type': CODE_NAMES[code] ?? '_OTHER' } : decisionValues(decision)),
  };
}

/** Names from documents. None of them contains what a caller has chosen. */
function decisionValues(decision: Decision): Values {
  const { api, policy, denial, identity, snapshotVersion } = decision;
  const { client, contract } = identity;
  return {
    'ostiary.outcome': outcomeOf(decision),
    'ostiary.api': api === '' ? undefined : api,
    'ostiary.policy.name': policy === '' ? undefined : policy,
    'ostiary.reason': denial?.reason,
    'ostiary.client': client?.name,
    'ostiary.tier': contract?.tier?.name,
    'ostiary.snapshot': snapshotVersion,
  };
}

/** The methods of RFC 9110 and PATCH, as in OpenTelemetry. A caller can make up any other. */
const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

function methodOf(method: string): string {
  return METHODS.has(method) ? method : '_OTHER';
}

/** A denial is a regular answer. A failure or a late answer is an error. */
function isFailure({ decision, steps, code }: EndedCheck): boolean {
  if (code !== 0) return true;
  const reason = decision?.denial?.reason;
  return reason !== undefined && (reason === 'policy_failed' || failedOf(steps, reason));
}

function failedOf(steps: readonly TimedStep[], reason: string): boolean {
  return steps.some(
    ({ step }) => step.mode === 'enforce' && step.result === 'failed' && step.denial?.reason === reason,
  );
}

function attributesOf(values: Values): readonly Attribute[] {
  const attributes: Attribute[] = [];
  for (const [key, value] of Object.entries(values)) {
    if (typeof value === 'string') attributes.push({ key, value: { stringValue: value } });
    else if (typeof value === 'number') attributes.push({ key, value: { intValue: String(value) } });
    else if (typeof value === 'boolean') attributes.push({ key, value: { boolValue: value } });
  }
  return attributes;
}

function timesOf(startedAt: number, endedAt: number, { wallMs }: SpanPorts) {
  return { startTimeUnixNano: nanoseconds(wallMs(startedAt)), endTimeUnixNano: nanoseconds(wallMs(endedAt)) };
}

/** Rounds to whole microseconds, which a number represents exactly. */
function nanoseconds(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}
