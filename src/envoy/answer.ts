import type { Denial, DenialOf, Reason } from '../denial/denial.ts';
import { GRPC_STATUSES, reasons } from '../denial/reasons.ts';
import type { DenialStatus, ReasonEntry, ReasonTable } from '../denial/reasons.ts';
import type { Check } from '../request/check.ts';
import type { HeaderEntry } from '../request/header-entry.ts';

const CHALLENGE = 'www-authenticate';

/** What the caller of an API sees of a denial. */
export interface PublicAnswer {
  readonly httpStatus: number;
  /** The same in gRPC's terms (google.rpc.Code); never 0, which would be an allow. */
  readonly grpcStatus: number;
  readonly headers: readonly HeaderEntry[];
  readonly body: string;
}

/**
 * Generic text outside, whatever is known inside: `detail` is not read here.
 * @param isGrpc Envoy turns a gRPC caller's denial into `grpc-status` and `grpc-message`, the latter
 *   from the body: such a caller gets the plain sentence as body and a `grpc-status` that goes before
 *   Envoy's own, which makes UNAVAILABLE of a 429, and clients retry that
 * @param table what each reason comes to
 */
export function publicAnswer(denial: Denial, isGrpc: boolean, table: ReasonTable): PublicAnswer {
  const known = denial as DenialOf<Reason>;
  const told: ReasonEntry = Object.hasOwn(table, denial.reason) ? entryOf(table, denial.reason) : reasons.policy_failed;
  // A policy that gives a reason which its kind does not name has failed, and so has one whose status is none of a
  // denial: what has no gRPC status would be written as 0.
  const status = statusOf(told, known);
  const entry: ReasonEntry = status === undefined ? reasons.policy_failed : told;
  const httpStatus = status ?? reasons.policy_failed.httpStatus;
  const grpcStatus = GRPC_STATUSES[httpStatus];
  const headers = challenged(entry.headers?.(known) ?? [], httpStatus, denial);
  const text = entry.sentence;
  if (isGrpc) return { httpStatus, grpcStatus, headers: [...headers, ['grpc-status', String(grpcStatus)]], body: text };
  const body = JSON.stringify({ error: text });
  return { httpStatus, grpcStatus, headers: [...headers, ['content-type', 'application/json']], body };
}

/** A 401 lists whatever the caller could have given; challenges of Bearer tell where tokens are had. */
function challenged(headers: readonly HeaderEntry[], status: number, { challenging }: Denial): readonly HeaderEntry[] {
  if (challenging === undefined) return headers;
  const { others = [], resourceMetadata, scopes = [] } = challenging;
  const more = status === 401 ? others.map((value): HeaderEntry => [CHALLENGE, value]) : [];
  if (resourceMetadata === undefined) return [...headers, ...more];
  const scope = status === 401 && scopes.length > 0 ? [`scope="${scopes.join(' ')}"`] : [];
  return [...headers.map((header) => withParameters(header, scope)), ...more].map((header) => {
    return withParameters(header, [`resource_metadata="${resourceMetadata}"`]);
  });
}

/** RFC 9110, 11.2: parameters by commas, the first behind a space. */
function withParameters([name, value]: HeaderEntry, parameters: readonly string[]): HeaderEntry {
  if (name !== CHALLENGE || !/^Bearer(?: |$)/i.test(value)) return [name, value];
  const added = parameters.filter((parameter) => !value.includes(` ${parameter.slice(0, parameter.indexOf('='))}=`));
  if (added.length === 0) return [name, value];
  return [name, `${value}${value.includes(' ') ? ',' : ''} ${added.join(', ')}`];
}

function statusOf({ httpStatus }: ReasonEntry, denial: DenialOf<Reason>): DenialStatus | undefined {
  const status = typeof httpStatus === 'function' ? httpStatus(denial) : httpStatus;
  return Object.hasOwn(GRPC_STATUSES, status) ? status : undefined;
}

/** The compiler can't see that an entry gets the denial of its own reason. */
function entryOf(table: ReasonTable, reason: Reason): ReasonEntry {
  return table[reason] as ReasonEntry;
}

/** As Envoy tells them: `application/grpc` and `application/grpc+…`, but not `application/grpc-web`. */
export function isGrpcCaller(check: Check): boolean {
  const contentType = check.header('content-type') ?? '';
  return contentType === 'application/grpc' || contentType.startsWith('application/grpc+');
}
