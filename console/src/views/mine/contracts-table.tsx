import type { JSX } from 'preact';
import type { ContractEntryJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { Given } from '../../parts/small.tsx';
import { Table } from '../../parts/table.tsx';
import type { TableProps } from '../../parts/table.tsx';
import { limitsText } from '../api/limits.ts';
import { contractHref } from './addresses.ts';
import { ContractState } from './contract-state.tsx';
import { TEXTS } from './texts.ts';

/** Contracts, each with its API. */
export function ContractsTable({
  isOfOne = false,
  ...props
}: Pick<TableProps<ContractEntryJson>, 'rows' | 'empty' | 'more' | 'count'> & {
  /** All are of one application. */
  readonly isOfOne?: boolean;
}): JSX.Element {
  return (
    <Table<ContractEntryJson>
      caption={TEXTS.contracts}
      keyOf={({ contract }) => `${contract?.namespace}/${contract?.name}`}
      hrefOf={({ contract }) => contractHref(contract)}
      columns={[
        { id: 'api', title: 'API', cell: ({ api, contract }) => <Given text={api?.displayName || contract?.api} /> },
        ...(isOfOne
          ? []
          : [
              {
                id: 'application',
                title: 'Application',
                cell: (each: ContractEntryJson) => <Given text={each.applicationDisplayName || each.applicationName} />,
              },
            ]),
        { id: 'tier', title: 'Tier', cell: ({ contract }) => <Given text={contract?.tier} /> },
        { id: 'limits', title: 'Limits', cell: ({ tier }) => tier && limitsText(tier.limits), isMinor: true },
        { id: 'state', title: 'State', cell: ({ contract }) => <ContractState of={contract} /> },
      ]}
      {...props}
    />
  );
}
