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
export function refuseNewContract({ document, ...key }: Resource, tier: string | undefined): void {
  if (lifecycleOf(document) === 'retired') {
    throw new RpcError(Code.failedPrecondition, `${keyText(key)} is retired and takes no new contracts`);
  }
  const tiers = tiersOf(document);
  if (tiers.find(({ name }) => name === tier)?.deprecated !== true) return;
  const others = tiers.filter(({ deprecated }) => !deprecated).map(({ name }) => name);
  const remedy = others.length === 0 ? 'it has no other' : `it has ${others.join(', ')}`;
  throw new RpcError(
    Code.failedPrecondition,
    `the tier ${tier} of ${keyText(key)} is deprecated and takes no new contracts: ${remedy}`,
  );
}

export function lifecycleOf(api: unknown): string | undefined {
  const lifecycle = valueAt(api, ['metadata', 'lifecycle']);
  return typeof lifecycle === 'string' ? lifecycle : undefined;
}
