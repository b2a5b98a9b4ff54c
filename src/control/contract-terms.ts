import { isRecord } from '../document/load.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import { keyText } from '../registry/conflict.ts';
import type { Resource } from '../registry/log.ts';
import { tiersOf } from './contract-states.ts';
import { valueAt } from './facts.ts';

/**
 * Refuses a contract that would be a new one of an API or of a tier that takes none.
 * @param tier undefined: the contract names none
 * @throws RpcError
 */
export function refuseNewContract(api: Resource, tier: string | undefined): void {
  const why = whyNoNewContract(api, tier);
  if (why !== undefined) throw new RpcError(Code.failedPrecondition, why);
}

/** @returns why the API or the tier takes no new contract; undefined: they do */
export function whyNoNewContract({ document, ...key }: Resource, tier: string | undefined): string | undefined {
  if (lifecycleOf(document) === 'retired') return `${keyText(key)} is retired and takes no new contracts`;
  const tiers = tiersOf(document);
  if (tiers.find(({ name }) => name === tier)?.deprecated !== true) return undefined;
  const others = tiers.filter(({ deprecated }) => !deprecated).map(({ name }) => name);
  const remedy = others.length === 0 ? 'it has no other' : `it has ${others.join(', ')}`;
  return `the tier ${tier} of ${keyText(key)} is deprecated and takes no new contracts: ${remedy}`;
}

export function lifecycleOf(api: unknown): string | undefined {
  const lifecycle = valueAt(api, ['metadata', 'lifecycle']);
  return typeof lifecycle === 'string' ? lifecycle : undefined;
}

/** Terms of use of an API. */
interface TermsOfUse {
  readonly version: string;
  /** Where they stand; undefined: in the document of the API. */
  readonly url: string | undefined;
}

/** @returns undefined where the API has none */
export function termsOf(api: unknown): TermsOfUse | undefined {
  const terms = valueAt(api, ['metadata', 'terms']);
  if (!isRecord(terms) || typeof terms['version'] !== 'string') return undefined;
  return { version: terms['version'], url: typeof terms['url'] === 'string' ? terms['url'] : undefined };
}

/**
 * Why a request can't be taken as it accepts the terms of use.
 * @param given the version that it accepts; empty: none
 * @returns undefined: it can
 */
export function whyNotAccepted({ document, ...key }: Resource, given: string): string | undefined {
  const terms = termsOf(document);
  if (terms === undefined) return given === '' ? undefined : `${keyText(key)} has no terms of use to accept`;
  if (given === terms.version) return undefined;
  const where = terms.url === undefined ? 'metadata.terms.text of the API' : terms.url;
  const other = given === '' ? '' : `, not of version ${given}`;
  return `${keyText(key)} has terms of use of version ${terms.version}${other}: read them (${where}), and accept them with the request (accept_terms, --accept-terms ${terms.version})`;
}

/** @throws RpcError where the terms of use are not accepted */
export function refuseUnaccepted(api: Resource, given: string): void {
  const why = whyNotAccepted(api, given);
  if (why !== undefined) throw new RpcError(Code.failedPrecondition, why);
}
