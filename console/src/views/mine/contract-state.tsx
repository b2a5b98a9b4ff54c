import type { JSX } from 'preact';
import type { ContractJson } from '../../../../gen/ostiary/v1/contracts_pb.js';
import { Badge } from '../../parts/small.tsx';
import type { Tone } from '../../parts/small.tsx';

/** What a contract is, in a word or two. */
export function stateOf(contract: ContractJson | undefined): readonly [text: string, tone: Tone] {
  if (contract?.expired === true) return ['ended', 'bad'];
  switch (contract?.state) {
    case 'CONTRACT_STATE_APPROVED':
      return contract.change === undefined ? ['in force', 'good'] : ['in force, asks for another tier', 'good'];
    case 'CONTRACT_STATE_PENDING':
      return ['waits for approval', 'warning'];
    case 'CONTRACT_STATE_REJECTED':
      return ['rejected', 'bad'];
    case 'CONTRACT_STATE_REVOKED':
      return ['revoked', 'bad'];
    default:
      return ['unknown', 'plain'];
  }
}

export function ContractState({ of }: { readonly of: ContractJson | undefined }): JSX.Element {
  const [text, tone] = stateOf(of);
  return <Badge tone={tone}>{text}</Badge>;
}
