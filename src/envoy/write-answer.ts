import type { Identity } from '../contract/identity.ts';
import { outcomeOf } from '../decision/decision.ts';
import type { Decision } from '../decision/decision.ts';
import type { ReasonTable } from '../denial/reasons.ts';
import type { DirectAnswer, MetadataValue } from '../policy/extras.ts';
import { rateHeaders } from '../quota/rate-headers.ts';
import type { Check } from '../request/check.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import { isGrpcCaller, publicAnswer } from './answer.ts';
import type { PublicAnswer } from './answer.ts';
import { block, double, number, text, toBytes } from './proto-text.ts';
import { toldOfShadows } from './shadow-metadata.ts';

/**
 * Writes a serialised `envoy.service.auth.v3.CheckResponse`. The bytes may be shared with other answers: but for the ending
 * they must not be changed.
 */
export type AnswerWriter = (decision: Decision, check: Check, reasons: ReasonTable) => Uint8Array;

/** Bounds on what is kept of earlier answers: mostly some 500 bytes each, and some have what callers chose in them. */
const MAXIMUM_ALLOWS = 4096;
const LONGEST_KEPT = 4096;

/**
 * `append: false` and `append_action: OVERWRITE_IF_EXISTS_OR_ADD`: older Envoys use the first, newer ones the second.
 */
const OVERWRITE = block(2, '') + number(3, 2);
/** `append: true`; `append_action` APPEND_IF_EXISTS_OR_ADD is 0, which is not written. */
const APPEND = block(2, number(1, 1));
/** `append_action: OVERWRITE_IF_EXISTS`, which Envoy uses only if `append` is absent. */
const OVERWRITE_IF_THERE = number(3, 3);
/** Otherwise Envoy would drop an empty value, and the client's own header would stay. */
const KEEP_EMPTY = number(4, 1);
/** `status {code: OK}`; the code 0 itself is not written. */
const STATUS_OK = block(1, '');

/** The last allow of one client. Its parts are reused while their sources are the same. */
interface Allow {
  readonly api: string;
  readonly policy: string;
  readonly identity: Identity;
  readonly upstream: readonly HeaderEntry[];
  readonly remove: readonly string[];
  readonly extras: Decision['extras'];
  readonly headers: string;
  readonly removals: string;
  readonly metadata: string;
  /** Without rate headers. */
  readonly bytes: Uint8Array;
}

/**
 * The allows of one client hardly differ: one is written once, and again when something in it has changed.
 * @param ending what each answer ends with, one character a byte
 */
export function createAnswerWriter(ending = ''): AnswerWriter {
  const allows = new Map<unknown, Allow>();

  function allowLike(decision: Decision): Allow {
    const { api, policy, identity, upstream, remove, extras } = decision;
    const key = identity.contract ?? identity.client ?? api;
    const last = allows.get(key);
    if (last !== undefined && isLike(decision, last)) return last;
    let headers = '';
    for (const header of upstream) headers += headerOption(2, header);
    for (const header of extras?.append ?? []) headers += headerOption(2, header, APPEND);
    headers += responseHeaders(extras);
    const parts = { headers, removals: removalsOf(decision, last), metadata: metadataOf(decision, last) };
    const allow = {
      api,
      policy,
      identity,
      upstream,
      remove,
      extras,
      ...parts,
      bytes: toBytes(allowed(parts, '') + ending),
    };
    if (allow.bytes.length > LONGEST_KEPT) return allow;
    if (allows.size >= MAXIMUM_ALLOWS) allows.clear();
    allows.set(key, allow);
    return allow;
  }

  return (decision, check, reasons) => {
    const { denial, answer, exposed } = decision;
    const end = shadowMetadata(decision) + ending;
    if (denial !== undefined)
      return toBytes(denied(decision, publicAnswer(denial, isGrpcCaller(check), reasons)) + end);
    if (answer !== undefined) return toBytes(answered(decision, answer) + end);
    const allow = allowLike(decision);
    if (exposed.length === 0 && end === ending) return allow.bytes;
    let rates = '';
    for (const header of rateHeaders(exposed)) rates += headerOption(6, header);
    return toBytes(allowed(allow, rates) + end);
  };
}

/** What the last had serves where the same is to be written: names that are set are told apart by the array of the others. */
function removalsOf({ remove, upstream }: Decision, last: Allow | undefined): string {
  if (last?.remove === remove && sameNames(last.upstream, upstream)) return last.removals;
  let removals = '';
  for (const name of remove) if (isRemovable(name, upstream)) removals += text(5, name);
  return removals;
}

function metadataOf(decision: Decision, last: Allow | undefined): string {
  const isKnown =
    last !== undefined &&
    last.api === decision.api &&
    last.policy === decision.policy &&
    last.identity.client === decision.identity.client &&
    last.identity.contract === decision.identity.contract &&
    last.extras?.metadata === decision.extras?.metadata;
  return isKnown ? last.metadata : metadata(decision);
}

function isLike({ api, identity, upstream, remove, extras }: Decision, last: Allow): boolean {
  return (
    last.api === api &&
    last.identity.client === identity.client &&
    last.identity.contract === identity.contract &&
    last.remove === remove &&
    // Usually new for each request; a policy that always adds the same returns the same object.
    last.extras === extras &&
    sameHeaders(last.upstream, upstream)
  );
}

function allowed(
  { headers, removals, metadata: fields }: Pick<Allow, 'headers' | 'removals' | 'metadata'>,
  rates: string,
): string {
  return STATUS_OK + block(3, headers + removals + rates) + fields;
}

/** Envoy looks at `status.code` alone: a denial without it would pass. */
function denied(decision: Decision, { httpStatus, grpcStatus, headers, body }: PublicAnswer): string {
  const response = ended(httpStatus, headers, body, decision.extras);
  return block(1, number(1, grpcStatus)) + block(2, response) + metadata(decision);
}

/** For Envoy every direct answer is a denial, so the code is PERMISSION_DENIED. */
function answered(decision: Decision, { httpStatus, headers, body }: DirectAnswer): string {
  const response = ended(httpStatus, headers, body, decision.extras);
  return block(1, number(1, 7)) + block(2, response) + metadata(decision);
}

/**
 * A `DeniedHttpResponse`. Envoy starts from none and adds one header an entry: of entries that ask to append it sends
 * none, and of two that set one header both. The answer's own go before those of policies.
 */
function ended(status: number, own: readonly HeaderEntry[], body: string, extras: Decision['extras']): string {
  let written = block(1, number(1, status));
  for (const header of own) written += headerOption(2, header);
  for (const header of extras?.response ?? []) {
    if (!own.some(([name]) => name === header[0])) written += headerOption(2, header);
  }
  for (const header of extras?.appendResponse ?? []) written += headerOption(2, header);
  return written + text(3, body);
}

/** Fields of an `OkHttpResponse`. */
function responseHeaders(extras: Decision['extras']): string {
  if (extras === undefined) return '';
  let written = '';
  for (const header of extras.response) written += headerOption(6, header);
  for (const header of extras.appendResponse) written += headerOption(6, header, APPEND);
  for (const name of extras.emptyResponse) written += headerOption(6, [name, ''], OVERWRITE_IF_THERE);
  return written;
}

/** Envoy refuses to remove pseudo-headers and `host`, and removes after it sets. */
function isRemovable(name: string, upstream: readonly HeaderEntry[]): boolean {
  const lower = name.toLowerCase();
  if (lower === '' || lower.startsWith(':') || lower === 'host') return false;
  return !upstream.some(([set]) => set.toLowerCase() === lower);
}

function headerOption(field: number, [name, value]: HeaderEntry, action = OVERWRITE): string {
  // This is a defect elsewhere; the request must not pass with a header that the caller made up.
  if (/[\0\r\n]/.test(value)) throw new TypeError(`the value of the header ${name} has a control character`);
  const header = block(1, text(1, name) + text(2, value));
  return block(field, value === '' ? header + action + KEEP_EMPTY : header + action);
}

/** `dynamic_metadata`: Envoy offers it to access logs and later filters, on an allow and on a denial. */
function metadata(decision: Decision): string {
  const { api, denial, policy, identity, extras } = decision;
  const { client, contract } = identity;
  const fields =
    (extras === undefined ? '' : metadataFields(extras.metadata)) +
    metadataField('api', api) +
    metadataField('client_id', client?.clientId) +
    metadataField('client_name', client?.name) +
    metadataField('contract', contract?.name) +
    metadataField('tier', contract?.tier?.name) +
    metadataField('policy', policy) +
    metadataField('outcome', outcomeOf(decision)) +
    metadataField('reason', denial?.reason);
  return block(4, fields);
}

/** Behind {@link metadata}, with which Envoy merges it: it differs from request to request of one client. */
function shadowMetadata({ steps }: Decision): string {
  const told = toldOfShadows(steps);
  return told === '' ? '' : block(4, metadataField('shadow', told));
}

/** Our own names. A policy must not be able to set one of them when ostiary has no value for it. */
const OWN_METADATA: ReadonlySet<string> = new Set(
  'api client_id client_name contract tier policy outcome reason shadow id'.split(' '),
);

/** An entry of a `google.protobuf.Struct`. */
function metadataField(key: string, value: string | undefined): string {
  return value === undefined || value === '' ? '' : block(1, text(1, key) + block(2, text(3, value)));
}

function metadataFields(values: Readonly<Record<string, MetadataValue>>): string {
  let fields = '';
  for (const [key, value] of Object.entries(values)) {
    if (!OWN_METADATA.has(key)) fields += block(1, text(1, key) + block(2, valueOf(value)));
  }
  return fields;
}

/** A `google.protobuf.Value`. */
function valueOf(value: MetadataValue): string {
  if (typeof value === 'string') return text(3, value);
  return typeof value === 'boolean' ? number(4, value ? 1 : 0) : double(2, value);
}

function sameNames(some: readonly HeaderEntry[], others: readonly HeaderEntry[]): boolean {
  return some.length === others.length && some.every(([name], i) => name === others[i]?.[0]);
}

function sameHeaders(some: readonly HeaderEntry[], others: readonly HeaderEntry[]): boolean {
  if (some === others) return true;
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) {
    if (some[i]?.[0] !== others[i]?.[0] || some[i]?.[1] !== others[i]?.[1]) return false;
  }
  return true;
}
