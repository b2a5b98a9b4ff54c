import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ContractEntryJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import type { ContractJson } from '../../../../gen/ostiary/v1/contracts_pb.js';
import { getUsage, listContracts } from '../../api/consumers.ts';
import { useCall } from '../../api/use-call.ts';
import { Page } from '../../parts/page.tsx';
import { Given, Time } from '../../parts/small.tsx';
import { Failed, Loading, NotFound, Show } from '../../parts/states.tsx';
import type { ViewProps } from '../../shell/router.ts';
import { limitsText } from '../api/limits.ts';
import { fullName } from '../api/words.ts';
import { apiHref, applicationHref } from './addresses.ts';
import { ChangeDialog } from './change-dialog.tsx';
import type { Change } from './change-dialog.tsx';
import { ContractState } from './contract-state.tsx';
import { History } from './history.tsx';
import { Refusals } from './refusals.tsx';
import { TEXTS } from './texts.ts';
import { Usage } from './usage.tsx';

/** One contract: what it allows, how much of that is used, and how it came to be. */
export default function ContractView({ params: { namespace = '', name = '' } }: ViewProps): JSX.Element {
  const found = useCall(listContracts, { contract: `${namespace}/${name}` });
  const usage = useCall(getUsage, { namespace, name });
  const [change, setChange] = useState<Change>();
  const above = [{ text: TEXTS.contracts, href: '/contracts' }];
  if (found.data === undefined) {
    return (
      <Page title={name} above={above}>
        {found.error === undefined ? <Loading isPage /> : <Failed error={found.error} retry={found.reload} />}
      </Page>
    );
  }
  const [entry] = found.data.contracts ?? [];
  const contract = entry?.contract;
  if (entry === undefined || contract === undefined) return <NotFound />;
  const isInForce = contract.state === 'CONTRACT_STATE_APPROVED' && contract.expired !== true;
  const isWaiting = contract.state === 'CONTRACT_STATE_PENDING' || contract.change !== undefined;
  return (
    <Page
      title={`${entry.applicationDisplayName || entry.applicationName} → ${entry.api?.displayName || contract.api}`}
      above={above}
      lead={<Subtitle entry={entry} contract={contract} />}
      actions={
        <>
          {isWaiting && (
            <button type="button" onClick={() => setChange('withdraw')}>
              {TEXTS.withdraw}
            </button>
          )}
          {(isInForce || isWaiting) && (
            <button type="button" onClick={() => setChange('tier')}>
              {TEXTS.changeTier}
            </button>
          )}
        </>
      }
    >
      {isInForce && (
        <section class="first-section">
          <h2>{TEXTS.usage}</h2>
          <Show of={usage} lines={4}>
            {(told) => <Usage of={told} />}
          </Show>
        </section>
      )}
      <section>
        <h2>{TEXTS.refused}</h2>
        <Refusals
          namespace={entry.applicationNamespace}
          application={entry.applicationName}
          api={fullName(contract.namespace, contract.api)}
        />
      </section>
      <section>
        <h2>{TEXTS.history}</h2>
        <History of={contract} />
      </section>
      {change && (
        <ChangeDialog change={change} entry={entry} onClose={() => setChange(undefined)} onDone={found.reload} />
      )}
    </Page>
  );
}

function Subtitle({
  entry,
  contract,
}: {
  readonly entry: ContractEntryJson;
  readonly contract: ContractJson;
}): JSX.Element {
  return (
    <span class="api-subtitle">
      <ContractState of={contract} />
      <span>
        {contract.tier ? (
          <>
            tier <Given text={contract.tier} />
            {entry.tier && `, ${limitsText(entry.tier.limits)}`}
          </>
        ) : (
          'no tier'
        )}
      </span>
      {contract.expires !== undefined && (
        <span>
          {contract.expired === true ? 'ended' : 'until'} <Time at={contract.expires} />
        </span>
      )}
      <a href={applicationHref(entry.applicationNamespace, entry.applicationName)}>The application</a>
      <a href={apiHref(contract.namespace, contract.api)}>The API</a>
    </span>
  );
}
