import type { JSX } from 'preact';
import type { RequestResponseJson } from '../../../../gen/ostiary/v1/contracts_pb.js';
import { Receipt } from '../../parts/receipt.tsx';
import { contractHref } from '../mine/addresses.ts';
import { ContractState } from '../mine/contract-state.tsx';
import { SecretOnce } from '../mine/secret-once.tsx';

export interface Done {
  readonly answer: RequestResponseJson;
  /** Of an application that was made for it; undefined: there was one already. */
  readonly secret: string | undefined;
  readonly clientId: string | undefined;
}

/** What became of a request. */
export function RequestResult({
  answer,
  clientId,
  secret,
  team,
  onClose,
}: Done & { readonly team: string; readonly onClose: () => void }): JSX.Element {
  const { contract, receipt } = answer;
  const isInForce = contract?.state === 'CONTRACT_STATE_APPROVED';
  return (
    <div class="request-result">
      <p>
        <ContractState of={contract} />{' '}
        {isInForce ? (
          'The tier approves at once: you can call the API now.'
        ) : (
          <>
            <bdi>{team}</bdi> decides. You see here, and under Contracts, what becomes of it.
          </>
        )}
      </p>
      {isInForce && <Receipt of={receipt} />}
      {secret !== undefined && secret !== '' && <SecretOnce clientId={clientId} secret={secret} />}
      <div class="actions">
        <a class="button" href={contractHref(contract)}>
          See the contract
        </a>
        <button type="button" class="main" onClick={onClose}>
          Done
        </button>
      </div>
    </div>
  );
}
