import type { JSX } from 'preact';
import type { CatalogApiJson, ContractEntryJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { Given, Time } from '../../parts/small.tsx';
import { Empty } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { contractHref } from '../mine/addresses.ts';
import { ContractState } from '../mine/contract-state.tsx';
import { limitsText } from './limits.ts';
import { TEXTS } from './texts.ts';

/** What the reader's applications have with this API. @param ask undefined: they may not */
export function AccessTab({
  api,
  ask,
}: {
  readonly api: CatalogApiJson;
  readonly ask: (() => void) | undefined;
}): JSX.Element {
  const contracts = api.contracts ?? [];
  const button = (text: string): JSX.Element | false =>
    ask !== undefined && (
      <button type="button" class="main" onClick={ask}>
        {text}
      </button>
    );
  if (contracts.length === 0) {
    return (
      <Empty title={TEXTS.noContracts} icon="lock">
        <p>{ask === undefined && (api.closed ?? '') === '' ? TEXTS.notDeveloper : TEXTS.noContractsHelp}</p>
        {button(TEXTS.request)}
      </Empty>
    );
  }
  return (
    <Table<ContractEntryJson>
      caption={TEXTS.access}
      rows={contracts}
      keyOf={({ contract }) => `${contract?.namespace}/${contract?.name}`}
      hrefOf={({ contract }) => contractHref(contract)}
      columns={[
        {
          id: 'application',
          title: 'Application',
          cell: (each) => <Given text={each.applicationDisplayName || each.applicationName} />,
        },
        {
          id: 'client',
          title: 'Client id',
          cell: ({ clientId }) => (
            <code>
              <Given text={clientId} />
            </code>
          ),
          isMinor: true,
        },
        { id: 'tier', title: 'Tier', cell: ({ contract }) => <Given text={contract?.tier} /> },
        { id: 'limits', title: 'Limits', cell: ({ tier }) => tier && limitsText(tier.limits), isMinor: true },
        { id: 'state', title: 'State', cell: ({ contract }) => <ContractState of={contract} /> },
        { id: 'until', title: 'Until', cell: ({ contract }) => <Time at={contract?.expires} />, isMinor: true },
      ]}
      empty={null}
    />
  );
}
