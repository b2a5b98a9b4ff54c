import type { AccessObject } from '../access/may.ts';
import { isRecord } from '../document/load.ts';
import { canonicalJson } from '../document/version.ts';
import { keyText } from '../registry/conflict.ts';
import type { Resource, ResourceKey } from '../registry/log.ts';
import type { ContractStatus } from './contract-states.ts';
import { valueAt } from './facts.ts';
import { refused } from './rights.ts';
import type { Rights } from './rights.ts';

type Json = Readonly<Record<string, unknown>>;

/** A contract that somebody writes as a document. */
export interface WrittenContract {
  readonly key: ResourceKey;
  readonly before: Resource | undefined;
  /** What it is now, whether its document says so or its tier; undefined: it is new. */
  readonly status: ContractStatus | undefined;
  readonly document: Json;
  readonly after: AccessObject;
  /** As it was; undefined: it is new. */
  readonly earlier: AccessObject | undefined;
}

/**
 * Whoever decides a contract may write it, and whoever asks for it.
 * @throws RpcError
 */
export function requireContract(
  key: ResourceKey,
  after: AccessObject,
  earlier: AccessObject | undefined,
  rights: Rights,
): void {
  const { isApplicant, isApprover } = standing(after, earlier, rights);
  const isNew = earlier === undefined;
  // The platform's own contracts bring two teams together.
  if (isApplicant || (isApprover && (!isNew || rights.isPlatformAdmin()))) return;
  rights.require('request', after, `may not write ${keyText(key)}`);
  rights.require('request', earlier ?? after, `may not write ${keyText(key)}`);
}

/**
 * A contract as its writer may write it. What is asked for is written by whoever asks; its status counts only from whoever may
 * approve it: else it is pending, unless its tier approves at once, or stays what it was. How it came to be what it is, the
 * control plane writes.
 * @throws RpcError
 */
export function contractAsAllowed(
  { key, before, status: is, document, after, earlier }: WrittenContract,
  rights: Rights,
): Json {
  if (rights.isPlatformAdmin() && rights.isWithin('approve', key.kind)) return document;
  const what = `may not write ${keyText(key)}`;
  const { isApplicant, isApprover } = standing(after, earlier, rights);
  const [old, written] = [specOf(before?.document), specOf(document)];
  const { record, status } = old;
  if (before === undefined) return withFields(document, { record, status: isApprover ? written['status'] : undefined });
  if (isApprover) {
    // To another application, or to another API: it is asked for anew.
    const isMoved = ['api', 'clientApplication'].some((field) => old[field] !== written[field]);
    if (isMoved && !isApplicant) rights.require('request', after, what);
    return withFields(document, { record });
  }
  if (isSame(old, written)) return withFields(document, { record, status });
  // One that its tier has approved too: its end may have been decided since.
  if (is !== 'pending') {
    const more = `${what} but for its metadata: another tier is asked for by ContractService/ChangeTier`;
    throw refused(rights.caller, more, { roles: ['admin', 'owner'], where: 'api' });
  }
  return withFields(document, { record, status: undefined });
}

function standing(after: AccessObject, earlier: AccessObject | undefined, rights: Rights) {
  const may = (verb: 'approve' | 'request'): boolean => {
    return rights.may(verb, after) && (earlier === undefined || rights.may(verb, earlier));
  };
  return { isApprover: may('approve'), isApplicant: may('request') };
}

/** Whoever asked may take back what is pending. A contract that was rejected or revoked stays: a new one could be approved. */
export function refuseContractDeletion(before: Resource, object: AccessObject, rights: Rights): void {
  if (rights.may('approve', object)) return;
  const isOpen = valueAt(before.document, ['spec', 'status']) === 'pending';
  if (isOpen && rights.may('request', object)) return;
  rights.require('approve', object, `may not delete ${keyText(before)}`);
}

function isSame(old: Json, written: Json): boolean {
  const own = { status: null, record: null };
  return canonicalJson({ ...old, ...own }) === canonicalJson({ ...written, ...own });
}

function specOf(document: unknown): Json {
  const spec = isRecord(document) ? document['spec'] : undefined;
  return isRecord(spec) ? spec : {};
}

/** The document with these fields of its spec; undefined: without them. */
function withFields(document: Json, fields: Json): Json {
  if (!isRecord(document['spec'])) return document;
  const entries = Object.entries({ ...document['spec'], ...fields }).filter(([, value]) => value !== undefined);
  return { ...document, spec: Object.fromEntries(entries) };
}
